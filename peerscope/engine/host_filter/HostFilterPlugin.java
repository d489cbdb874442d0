package peerscope.hostfilter;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.core.rest.RestStatus;
import org.opensearch.plugins.ActionPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.rest.BytesRestResponse;
import org.opensearch.rest.RestChannel;
import org.opensearch.rest.RestHandler;
import org.opensearch.rest.RestHeaderDefinition;
import org.opensearch.rest.RestRequest;
import org.opensearch.transport.client.node.NodeClient;

/**
 * Refuses requests that a web page of another site makes through the browser of a user of this machine.
 *
 * OpenSearch's CORS settings refuse a foreign Origin, but take a page for its own if Origin and Host agree. They do
 * after DNS rebinding: the page's host name then leads to 127.0.0.1. So Host has to be a name of this machine. Requests
 * without an Origin, such as images, are recognized by Sec-Fetch-Site, which pages cannot set.
 */
public final class HostFilterPlugin extends Plugin implements ActionPlugin {
    private static final Set<String> HOSTS = Set.of("127.0.0.1", "localhost", "[::1]");
    private static final Set<String> FOREIGN_SITES = Set.of("cross-site", "same-site");

    @Override
    public UnaryOperator<RestHandler> getRestHandlerWrapper(
        ThreadContext threadContext,
        Set<RestHeaderDefinition> headersToCopy
    ) {
        return Filter::new;
    }

    private static final class Filter extends RestHandler.Wrapper {
        private final RestHandler handler;

        Filter(RestHandler handler) {
            super(handler);
            this.handler = handler;
        }

        @Override
        public void handleRequest(RestRequest request, RestChannel channel, NodeClient client) throws Exception {
            if (isAllowed(request.getHeaders())) {
                handler.handleRequest(request, channel, client);
            } else {
                String reason = "Requests of web pages, and for another host than 127.0.0.1, are refused.";
                channel.sendResponse(new BytesRestResponse(RestStatus.FORBIDDEN, reason));
            }
        }
    }

    static boolean isAllowed(Map<String, List<String>> headers) {
        boolean hasHost = false;
        for (Map.Entry<String, List<String>> header : headers.entrySet()) {
            String name = header.getKey().toLowerCase(Locale.ROOT);
            for (String value : header.getValue()) {
                String text = value.trim().toLowerCase(Locale.ROOT);
                if (name.equals("host")) {
                    hasHost = true;
                    if (!HOSTS.contains(text.replaceFirst(":[0-9]*$", ""))) {
                        return false;
                    }
                } else if (name.equals("sec-fetch-site") && FOREIGN_SITES.contains(text)) {
                    return false;
                }
            }
        }
        return hasHost;
    }
}
