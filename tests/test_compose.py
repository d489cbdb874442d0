"""The compose files, as far as they can be checked without Docker, and Peerscope with the certificates of one."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import ssl
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from opensearchpy.exceptions import AuthenticationException
from opensearchpy.exceptions import ConnectionError as Unreachable

from peerscope.engine.client import cluster_client
from peerscope.engine.settings import EngineSettings
from peerscope.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
#: What the image's tool prints, in place of Docker.
DOCKER = """#!/bin/sh
echo "docker $*" >> "$(dirname "$0")/calls"
echo 'WARNING: a deprecated option'
echo '$2y$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234'
"""


def merged(*names: str) -> dict[str, Any]:
    """Return compose files merged by the rules for maps and lists, as far as these files use them."""

    def merge(base: Any, more: Any) -> Any:
        if isinstance(base, dict) and isinstance(more, dict):
            return base | {key: merge(base[key], value) if key in base else value for key, value in more.items()}
        return base + more if isinstance(base, list) and isinstance(more, list) else more

    result: dict[str, Any] = {}
    for name in names:
        result = merge(result, yaml.safe_load((ROOT / name).read_text(encoding="utf-8")))
    return result


@pytest.fixture(scope="module")
def secure() -> dict[str, Any]:
    return dict(merged("docker-compose.yml", "docker-compose.secure.yml")["services"])


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project in which docker/secure.sh has run, twice."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed, so docker/secure.sh was not run: apt-get install openssl")
    folder = tmp_path_factory.mktemp("project")
    (folder / "docker").mkdir()
    shutil.copy(ROOT / "docker" / "secure.sh", folder / "docker")
    (folder / "bin").mkdir()
    (folder / "bin" / "docker").write_text(DOCKER, encoding="utf-8")
    (folder / "bin" / "docker").chmod(0o755)
    environment = os.environ | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    for _ in range(2):
        subprocess.run([folder / "docker" / "secure.sh"], env=environment, check=True, capture_output=True)
    return folder


def test_the_default_publishes_no_port_of_opensearch_and_of_the_database() -> None:
    services = merged("docker-compose.yml")["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"api"}


def test_the_overlay_leaves_nothing_without_tls_or_password(secure: dict[str, Any]) -> None:
    node = secure["opensearch"]
    assert "ports" not in node
    assert node["environment"]["DISABLE_SECURITY_PLUGIN"] == "false"
    assert node["environment"]["DISABLE_INSTALL_DEMO_CONFIG"] == "true"
    assert node["environment"]["plugins.security.ssl.http.enabled"] == "true"
    for name in ("api", "indexer"):
        environment = secure[name]["environment"]
        assert environment["PEERSCOPE_OPENSEARCH_URL"] == "https://opensearch:9200"
        assert environment["PEERSCOPE_DATABASE_URL"].startswith("postgresql://")
        assert {f"{key}".removeprefix("PEERSCOPE_").lower() for key in environment} <= set(Settings.model_fields)
    assert "http://opensearch" not in json.dumps(secure)


def test_the_cluster_publishes_nothing_and_its_workers_share_the_files_of_stages() -> None:
    services = merged("docker-compose.yml", "docker-compose.cluster.yml")["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"api"}
    nodes = [name for name in services if name.startswith("opensearch")]
    assert len(nodes) == 3
    for name in nodes:
        environment = services[name]["environment"]
        assert environment["node.name"] == name
        assert sorted(environment["discovery.seed_hosts"].split(",")) == sorted(nodes)
        assert environment["discovery.type"] != "single-node"
    data = [volume for name in nodes for volume in services[name]["volumes"] if volume.endswith("/data")]
    assert len(set(data)) == 3
    environment = services["indexer"]["environment"]
    assert {f"{key}".removeprefix("PEERSCOPE_").lower() for key in environment} <= set(Settings.model_fields)
    assert environment["PEERSCOPE_SCHEDULER"] in services["worker"]["entrypoint"]
    assert set(services["worker"]["volumes"]) & set(services["indexer"]["volumes"])
    Settings(scheduler=environment["PEERSCOPE_SCHEDULER"], opensearch_url=environment["PEERSCOPE_OPENSEARCH_URL"])


def test_the_manifests_of_kubernetes_fit_together() -> None:
    text = (ROOT / "deploy" / "kubernetes" / "peerscope-indexing.yml").read_text(encoding="utf-8")
    objects = list(yaml.safe_load_all(text))
    by_kind = {(item["kind"], item["metadata"]["name"]): item for item in objects}
    assert len(by_kind) == len(objects) == 6
    services = {name: item["spec"] for (kind, name), item in by_kind.items() if kind == "Service"}
    assert all(spec.get("type", "ClusterIP") == "ClusterIP" for spec in services.values())
    pods = {}
    for (kind, name), item in by_kind.items():
        if kind in {"Deployment", "Job"}:
            pods[name] = item["spec"]["template"]
        if kind == "Deployment":
            assert item["spec"]["selector"]["matchLabels"] == pods[name]["metadata"]["labels"]
    (selector,) = (spec["selector"] for spec in services.values())
    assert pods["peerscope-scheduler"]["metadata"]["labels"] == selector
    claims = {name for kind, name in by_kind if kind == "PersistentVolumeClaim"}
    for name, pod in pods.items():
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        (container,) = pod["spec"]["containers"]
        assert container["resources"]["limits"]["memory"] in {"1Gi", "2Gi"}
        mounts = {mount["name"]: mount["mountPath"] for mount in container.get("volumeMounts", ())}
        volumes = {v["name"]: v["persistentVolumeClaim"]["claimName"] for v in pod["spec"].get("volumes", ())}
        assert mounts.keys() == volumes.keys()
        assert set(volumes.values()) <= claims
        assert (mounts == {"stages": "/stages"}) == (name != "peerscope-scheduler")
    (job,) = pods["peerscope-index"]["spec"]["containers"]
    environment = {entry["name"].removeprefix("PEERSCOPE_").lower(): entry["value"] for entry in job["env"]}
    settings = Settings(**environment)
    assert str(settings.stages) == "/stages"
    assert settings.scheduler in pods["peerscope-worker"]["spec"]["containers"][0]["command"]


def test_every_variable_without_a_default_is_in_the_file_that_the_script_writes(prepared: Path) -> None:
    text = (ROOT / "docker-compose.secure.yml").read_text(encoding="utf-8")
    needed = set(re.findall(r"\$\{(\w+):\?", text))
    lines = dict(line.split("=", 1) for line in (prepared / "secure.env").read_text().splitlines())
    assert needed == set(lines)
    assert all(re.fullmatch(r"[0-9a-f]{48,64}", value) for value in lines.values())
    assert len(set(lines.values())) == len(lines)


def test_every_mounted_file_is_written_by_the_script_and_keys_are_private(
    secure: dict[str, Any], prepared: Path
) -> None:
    volumes = [volume for service in secure.values() for volume in service.get("volumes", ())]
    files = {volume.split(":")[0] for volume in volumes if volume.startswith("./")}
    assert len(files) == 4
    assert all((prepared / file).is_file() for file in files)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (prepared / "docker" / "secure").iterdir()}
    readable = {"ca.pem", "node.pem"}
    assert {name for name, mode in modes.items() if mode & 0o077} == readable
    assert (prepared / "secure.env").stat().st_mode & 0o777 == 0o600
    ignored = (ROOT / ".gitignore").read_text() + (ROOT / ".dockerignore").read_text()
    assert ignored.count("secure.env") == ignored.count("docker/secure\n") + ignored.count("docker/secure/\n") == 2


def test_the_user_has_the_hash_of_the_password_which_no_command_line_shows(prepared: Path) -> None:
    users = yaml.safe_load((prepared / "docker" / "secure" / "internal_users.yml").read_text())
    assert set(users) == {"_meta", "peerscope"}
    assert users["peerscope"]["hash"].startswith("$2y$12$")
    (call,) = (prepared / "bin" / "calls").read_text().splitlines()
    assert "--env-file secure.env" in call
    assert not any(line.split("=")[1] in call for line in (prepared / "secure.env").read_text().splitlines())


class SecuredNode(BaseHTTPRequestHandler):
    """Answers like OpenSearch's root page, to one user only."""

    password = ""

    def do_GET(self) -> None:
        expected = base64.b64encode(f"peerscope:{self.password}".encode()).decode()
        is_known = self.headers.get("Authorization") == f"Basic {expected}"
        body = json.dumps({"version": {"number": "3.6.0", "distribution": "opensearch"}}).encode()
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path, password: str) -> Iterator[str]:
    """Serve over TLS with the certificate of the node; yield the address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "node.pem", folder / "node-key.pem")
    handler = type("Node", (SecuredNode,), {"password": password})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"https://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def test_peerscope_connects_with_password_and_certificate_and_not_otherwise(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = prepared / "docker" / "secure"
    other = tmp_path / "other.pem"
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key"), "-subj", "/CN=Other CA"]
    subprocess.run(["openssl", "req", "-x509", *key, "-out", str(other)], check=True, capture_output=True)
    password = dict(line.split("=", 1) for line in (prepared / "secure.env").read_text().splitlines())[
        "PEERSCOPE_OPENSEARCH_PASSWORD"
    ]

    def connect(**changes: str) -> Any:
        values = {"user": "peerscope", "password": password, "ca": str(folder / "ca.pem"), **changes}
        for name, value in values.items():
            monkeypatch.setenv(f"PEERSCOPE_OPENSEARCH_{name.upper()}", value)
        client = cluster_client(EngineSettings.from_settings(Settings.load()), timeout=5)
        try:
            return client.info()["version"]["number"]
        finally:
            client.close()

    with served(folder, password) as url:
        monkeypatch.setenv("PEERSCOPE_OPENSEARCH_URL", url)
        assert connect() == "3.6.0"
        with pytest.raises(AuthenticationException):
            connect(password="guessed")
        with pytest.raises(Unreachable, match="CERTIFICATE_VERIFY_FAILED"):
            connect(ca=str(other))
        with pytest.raises(Unreachable, match=r"CERTIFICATE_VERIFY_FAILED|doesn't match"):
            connect(url=url.replace("localhost", "127.0.0.1"))
