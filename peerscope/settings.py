"""Every setting of Peerscope: read once from the environment, checked, and passed on explicitly.

`Settings.load()` is called by the command line and by `create_app`; everything below receives the object or a value of
it. `python docs/generate.py` writes the descriptions below into `docs/settings.md`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

import platformdirs
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from peerscope.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

PREFIX = "PEERSCOPE_"
MASK = "********"
DEFAULT_MODEL = "all-MiniLM-L6-v2-int8"
#: Smallest heap in megabytes with which OpenSearch starts.
MIN_HEAP_MB = 256
#: Schemes of object stores, in which an upload is atomic. Azure has the container in the place of a user name.
AZURE = frozenset({"abfs", "abfss"})
OBJECT_STORES = AZURE | {"s3", "s3a", "gs", "gcs"}


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as https://example.org")
    return text.rstrip("/")


def _contact(text: str) -> str:
    """Return the link to a contact; an e-mail address becomes a `mailto:` link."""
    address = text.removeprefix("mailto:")
    if re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        return f"mailto:{address}"
    try:
        return _url(text)
    except ValueError as error:
        raise ValueError("must be an e-mail address or a web page such as https://example.org/contact") from error


def _urls(text: str) -> str:
    addresses = [address.strip() for address in text.split(",")]
    try:
        return ",".join(_url(address) for address in addresses)
    except ValueError as error:
        raise ValueError(
            "must be an address such as https://search.example.org:9200, or several, comma-separated"
        ) from error


def _scheduler(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"tcp", "tls"} or not parts.hostname or not parts.port:
        raise ValueError("must be an address such as tcp://scheduler.example.org:8786, or tls://")
    return text


def _heap(text: str) -> str:
    match = re.fullmatch(r"(\d+)([mg])b?", text.lower())
    if not match:
        raise ValueError("must be a number of megabytes or gigabytes, such as 512m or 2g")
    if heap_megabytes(text) < MIN_HEAP_MB:
        raise ValueError(f"must be at least {MIN_HEAP_MB}m, the least OpenSearch needs")
    return text


def _rate_limit(text: str) -> str:
    from limits import parse  # only here: a slow import that most commands do not need

    if text == "off":
        return text
    try:
        parse(text)
    except ValueError as error:
        raise ValueError("must have a form such as 600/minute, or be 'off'") from error
    return text


def _smtp_url(secret: SecretStr) -> SecretStr:
    parts = urlsplit(secret.get_secret_value())
    try:
        is_valid = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_valid = False
    if not is_valid:
        raise ValueError("must have the form smtp://user:password@host:port, or smtps://")
    return secret


def _file(path: Path) -> Path:
    path = path.expanduser()
    if not path.is_file():
        raise ValueError("must name an existing file")
    return path


def _folder(path: Path) -> Path:
    return path.expanduser().absolute()


def _location(text: str) -> str:
    """Return the path of a folder, or the URL of an object store; a `file:` URL becomes a path."""
    parts = urlsplit(text)
    if not is_url(text) or (parts.scheme == "file" and parts.netloc in {"", "localhost"}):
        return str(_folder(Path(unquote(parts.path) if is_url(text) else text)))
    if parts.scheme not in OBJECT_STORES or not parts.netloc or parts.query or parts.fragment:
        raise ValueError("must be a folder, or an object store such as s3://bucket/prefix, gs:// or abfs://")
    if "@" in parts.netloc and parts.scheme not in AZURE:
        raise ValueError("must not contain credentials; they are read from the environment, such as AWS_ACCESS_KEY_ID")
    return text.rstrip("/")


def is_url(location: str) -> bool:
    """Return whether a location is a URL, not the path of a folder."""
    return "://" in location


def heap_megabytes(text: str) -> int:
    """Return the megabytes of a heap such as `512m` or `2g`."""
    number, unit = int(re.sub(r"\D", "", text)), text.lower().rstrip("b")[-1]
    return number * (1024 if unit == "g" else 1)


Url = Annotated[str, AfterValidator(_url)]
Folder = Annotated[Path, AfterValidator(_folder)]


class Settings(BaseSettings):
    """All settings. Frozen; each field is the environment variable of its name in capitals after `PEERSCOPE_`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", str_strip_whitespace=True
    )

    home: Folder = Field(
        default_factory=lambda: platformdirs.user_data_path("peerscope"),
        description="folder of the embedded OpenSearch, its data, the model, and the reports of runs",
    )
    opensearch_url: Annotated[str, AfterValidator(_urls)] | None = Field(
        None, description="cluster to use instead of the embedded OpenSearch; several nodes are separated by commas"
    )
    opensearch_user: str | None = Field(None, description="user name for that cluster")
    opensearch_password: SecretStr | None = Field(None, description="password for that cluster")
    opensearch_ca: Annotated[Path, AfterValidator(_file)] | None = Field(
        None, description="certificate authority file for that cluster; by default the system's"
    )
    engine_port: int | None = Field(
        None,
        ge=1,
        le=65_535,
        description="port of the embedded OpenSearch; by default 9200 or the next free one; a port "
        "that is set but in use is an error",
    )
    heap: Annotated[str, AfterValidator(_heap)] | None = Field(
        None, description="heap of the embedded OpenSearch, such as `2g`; by default a quarter of memory, 512m to 4g"
    )
    index_prefix: str = Field("peerscope-", description="prefix of all index and alias names")
    stages: Annotated[str, AfterValidator(_location)] | None = Field(
        None,
        description="folder of the intermediate files of indexing, or an object store such as `s3://bucket/prefix` "
        "([scaling](scaling.md)); by default `stages` in the home folder",
    )
    stages_cache_mb: int = Field(
        10_000,
        ge=1,
        description="megabytes of local copies of these files in the home folder of each machine, if they are in an "
        "object store",
    )
    index_workers: int = Field(
        1,
        ge=1,
        le=256,
        description="processes that identify authors, and as many that embed works; with 1, `index` embeds by itself; "
        "`--workers` of `index`",
    )
    scheduler: Annotated[str, AfterValidator(_scheduler)] | None = Field(
        None,
        description="address of a Dask scheduler whose workers embed works and identify authors instead, such as "
        "`tcp://scheduler.example.org:8786` (extra `cluster`)",
    )
    shards: int = Field(
        1, ge=1, le=1_024, description="shards of new indices of works and researchers ([scaling](scaling.md))"
    )
    replicas: int = Field(0, ge=0, le=20, description="copies of every shard, from the next run on")
    vector_bits: Literal["32", "7", "1"] = Field(
        "32",
        description="bits per dimension of vectors in new indices; 1 needs a cluster with the native k-NN library",
    )
    model: str = Field(
        DEFAULT_MODEL,
        description="embedding model: a packaged one (also `all-MiniLM-L6-v2`, `bge-small-en-v1.5-int8`, "
        "`e5-small-v2-int8`), `multilingual-e5-small` (extra `multilingual`), a folder with an ONNX file and "
        "`tokenizer.json` ([ranking](ranking.md#other-models)), or a hub name or another folder (extra "
        "`sentence-transformers`)",
    )
    threads: int | None = Field(
        None, ge=1, description="threads for embedding; by default one per core, and one in a worker of `index`"
    )
    device: str | None = Field(
        None, description="device of a sentence-transformers model, such as `cuda:1`; by default a GPU if there is one"
    )
    embedding_batch: int = Field(
        32, ge=1, le=4_096, description="works that a sentence-transformers model embeds at a time"
    )
    k: int = Field(200, ge=1, le=1_000, description="nearest neighbours considered by hybrid and semantic search")
    semantic_weight: float = Field(
        0.45,
        ge=0,
        le=1,
        description="weight of the semantic score in hybrid search; keywords get the rest. Weights, k and "
        "feedback need no re-indexing",
    )
    similar_semantic_weight: float = Field(0.7, ge=0, le=1, description="the same for similar works")
    candidates_semantic_weight: float = Field(
        0.7, ge=0, le=1, description="the same for the candidates of similar researchers"
    )
    feedback_works: int = Field(
        5,
        ge=0,
        le=50,
        description="works of the first pass that hybrid search learns from; 0 skips the second pass "
        "([ranking](ranking.md))",
    )
    feedback_weight: float = Field(0.4, ge=0, le=1, description="how far the query vector moves towards those works")
    vectors_in_memory: int = Field(
        20_000,
        ge=0,
        le=1_000_000,
        description="works up to which each process of `peerscope serve` keeps all vectors in memory, 1.5 MB per "
        "1,000 works, so that their neighbours need no request; 0 for never",
    )
    short_vectors_in_memory: int = Field(
        250_000,
        ge=0,
        le=10_000_000,
        description="the same for short vectors, .4 MB per 1,000 works, which are looked up where researchers are "
        "compared, in the second pass of hybrid search and for similar works",
    )
    workers: int | None = Field(
        None, ge=1, le=1_000, description="processes of `peerscope serve`; by default one per core, at most 4"
    )
    log: Literal["json", "text", "off"] | None = Field(
        None,
        description="request log of `peerscope serve`; `json`, `text`, or `off` for errors only; by default "
        "text in a terminal, otherwise json",
    )
    rate_limit: Annotated[str, AfterValidator(_rate_limit)] = Field(
        "6000/minute", description="requests per client address, such as `600/minute`; `off` for no limit"
    )
    rate_limit_storage: str = Field(
        "memory://",
        description="where requests are counted: per worker, or shared in `redis://host:6379` (needs `redis`)",
    )
    connections_per_address: int = Field(
        100,
        ge=1,
        le=1_000,
        description="connections of one client address to a worker that may wait for their client; beyond it, the one "
        "that has waited longest is closed; not used behind proxies ([serving](serving.md))",
    )
    head_timeout: float = Field(10, gt=0, le=600, description="seconds in which the head of a request must arrive")
    body_timeout: float = Field(30, gt=0, le=3_600, description="seconds in which the body of a request must arrive")
    send_timeout: float = Field(
        10, gt=0, le=3_600, description="seconds after which a client that reads less than 1 kB/s is disconnected"
    )
    proxies: int = Field(
        0, ge=0, le=10, description="number of trusted proxies whose `X-Forwarded-For`, `-Proto` and `-Host` are used"
    )
    public_url: Url | None = Field(
        None,
        description="public address of the site, used for links in mail, canonical links, sitemaps and ORCID; "
        "by default the address of the request, on this machine only",
    )
    contact: Annotated[str, AfterValidator(_contact)] | None = Field(
        None, description="address of a web page or e-mail address that pages name as contact"
    )
    accounts: Literal["on", "off"] = Field(
        "on", description="whether the service offers accounts ([accounts](accounts.md))"
    )
    database_url: SecretStr | None = Field(
        None,
        description="database of accounts, `postgresql://user:password@host/name` (extra `postgresql`); by default "
        "`accounts.sqlite` in `PEERSCOPE_HOME`",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="key that signs cookies and indexed ORCID iDs, the same for all servers and indexers of a site "
        "([security](security.md#signed-orcid-ids)); by default generated once in `PEERSCOPE_HOME/secret-key` "
        "(mode 600)",
    )
    orcid_client_id: str | None = Field(
        None,
        description="client id from registering the site with ORCID ([accounts](accounts.md)); without it there is no "
        "log-in by ORCID",
    )
    orcid_client_secret: SecretStr | None = Field(None, description="the secret that belongs to it")
    orcid_issuer: Url = Field("https://orcid.org", description="OpenID provider of ORCID, such as its sandbox")
    smtp_url: Annotated[SecretStr, AfterValidator(_smtp_url)] | None = Field(
        None,
        description="mail server, `smtp://user:password@host:587` (STARTTLS if offered; required for a "
        "password unless local) or `smtps://user:password@host:465`; by default mail is printed",
    )
    mail_from: str = Field("Peerscope <peerscope@localhost>", description="sender of mail")
    arxiv_url: Url = Field("https://export.arxiv.org/api/query", description="arXiv's query API or a mirror")
    arxiv_oai_url: Url = Field("https://oaipmh.arxiv.org/oai", description="arXiv's OAI-PMH server or a mirror")
    openalex_url: Url = Field("https://api.openalex.org", description="OpenAlex's API or a mirror")
    openalex_key: SecretStr | None = Field(None, description="your OpenAlex API key")
    mailto: str | None = Field(None, description="contact address sent to OpenAlex, Crossref and PubMed")
    crossref_url: Url = Field("https://api.crossref.org", description="Crossref's REST API or a mirror")
    europepmc_url: Url = Field(
        "https://www.ebi.ac.uk/europepmc/webservices/rest", description="Europe PMC's API or a mirror"
    )
    datacite_url: Url = Field("https://api.datacite.org", description="DataCite's REST API or a mirror")
    pubmed_url: Url = Field(
        "https://eutils.ncbi.nlm.nih.gov/entrez/eutils", description="PubMed's E-utilities or a mirror"
    )
    source_order: str = Field(
        "",
        description="sources whose records of a work are preferred, separated by commas, the best first, such as "
        "`crossref,openalex`; the others follow in the order in [works](works.md#the-order-of-sources)",
    )
    maven_url: Url | None = Field(None, description="mirror from which OpenSearch and the model are downloaded")
    data: Folder | None = Field(
        None, description="corpora and judged collections for benchmarks; by default `../shared/data`"
    )

    @property
    def worker_count(self) -> int:
        """Processes of `peerscope serve`."""
        return self.workers or min(4, os.cpu_count() or 1)

    @classmethod
    def load(cls, **overrides: Any) -> Settings:
        """Return the settings of the environment, with `overrides`. Raises `SettingsError` naming every invalid one."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise SettingsError("; ".join(_problems(error))) from None

    def origin(self, name: str) -> str:
        """Return where a value comes from: the name of the variable, or `default`."""
        return f"{PREFIX}{name.upper()}" if name in self.model_fields_set else "default"

    def shown(self) -> Iterator[tuple[str, str, str]]:
        """Yield variable, value and origin of every setting, for `peerscope doctor`; secrets are masked."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            text = "not set" if value is None else MASK if isinstance(value, SecretStr) else _masked(str(value))
            yield f"{PREFIX}{name.upper()}", text, self.origin(name)


def _problems(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        name = str(problem["loc"][0])
        message = str(problem["msg"]).removeprefix("Value error, ")
        message = message.replace("Input should be", "must be").replace("Input", "must")
        is_secret = "SecretStr" in str(Settings.model_fields[name].annotation)
        value = "" if is_secret else f"={_masked(str(problem['input']))}"
        yield f"{PREFIX}{name.upper()}{value}: {message}"


def _masked(text: str) -> str:
    """Return a value without the credentials of an address such as `redis://user:password@host`."""
    return re.sub(r"//[^/@\s]*@", f"//{MASK}@", text)


def unknown() -> list[str]:
    """Return the environment variables with the prefix of settings that are not settings, probably misspelled."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def _default(name: str, field: FieldInfo) -> str:
    if name == "home":
        return "the user's data folder"
    return "not set" if field.default is None else f"`{field.default}`"


def table() -> str:
    """Return the Markdown table of all settings for `docs/settings.md`."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `{PREFIX}{name.upper()}` | {_default(name, field)} | {field.description} |")
    return "\n".join(rows) + "\n"
