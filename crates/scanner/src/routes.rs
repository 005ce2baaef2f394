//! The endpoints as one table: requests are routed by it, and documented by it.

use http::Method;

/// What answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    PostScan,
    DeleteScan,
    Status,
    Results,
    DeleteResults,
    Metrics,
    Explain,
    Progress,
    Live,
    Ready,
    Document,
    Page,
}

/// A parameter of the query.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// Of the OpenAPI types `boolean` and `string`.
    pub(crate) schema: &'static str,
    pub(crate) text: &'static str,
}

/// An endpoint with one method.
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) endpoint: Endpoint,
    /// For metrics and as the operation's ID.
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
    pub(crate) parameters: &'static [Parameter],
    /// Whether there is a body: a scan.
    pub(crate) body: bool,
    pub(crate) answers: &'static [(u16, &'static str)],
}

const ID: Parameter = Parameter {
    name: "id",
    schema: "string",
    text: "A scan's UUID; the latest scan without it.",
};

const KEEP: Parameter = Parameter {
    name: "keep",
    schema: "boolean",
    text: "Keep the result after it was sent; else it is removed.",
};

const SKIP: Parameter = Parameter {
    name: "skipPersistence",
    schema: "boolean",
    text: "Nobody but the caller hears of the result. Of metrics it changes nothing.",
};

const REFUSED: (u16, &str) = (400, "What is wrong with the request, all of it at once.");
const UNAUTHORIZED: (u16, &str) = (401, "KS_API_TOKEN is set, and another or no token came.");

const OFF: (u16, &str) = (404, "Continuous scanning is off.");

/// All endpoints.
pub(crate) const ROUTES: [Route; 17] = [
    Route {
        method: "POST",
        path: "/v1/scan",
        endpoint: Endpoint::PostScan,
        name: "postScan",
        text: "Scan the cluster, or one object of it.",
        parameters: &[
            Parameter {
                name: "wait",
                schema: "boolean",
                text: "Answer with the result, when the scan has ended.",
            },
            KEEP,
            SKIP,
            Parameter {
                name: "callback",
                schema: "string",
                text: "A URL that is told when the scan has ended: POST {id, status, error}.",
            },
        ],
        body: true,
        answers: &[
            (
                200,
                "type busy: the scan waits or runs. With wait, type v1results: the report.",
            ),
            REFUSED,
            UNAUTHORIZED,
            (408, "The body stopped coming."),
            (413, "The body is above KS_SCAN_REQUEST_MAX_BYTES."),
            (429, "Too many scans wait; try again after a second."),
            (500, "With wait: why there is no result."),
            (503, "The service is ending."),
        ],
    },
    Route {
        method: "DELETE",
        path: "/v1/scan",
        endpoint: Endpoint::DeleteScan,
        name: "deleteScan",
        text: "Cancel a scan that waits or runs.",
        parameters: &[ID],
        body: false,
        answers: &[
            (200, "type id: it ends soon."),
            REFUSED,
            UNAUTHORIZED,
            (404, "No such scan waits or runs."),
        ],
    },
    Route {
        method: "GET",
        path: "/v1/status",
        endpoint: Endpoint::Status,
        name: "getStatus",
        text: "Whether a scan still waits or runs.",
        parameters: &[ID],
        body: false,
        answers: &[(200, "type busy or notBusy."), REFUSED, UNAUTHORIZED],
    },
    Route {
        method: "GET",
        path: "/v1/results",
        endpoint: Endpoint::Results,
        name: "getResults",
        text: "A scan's report, as JSON of version v2.",
        parameters: &[ID, KEEP],
        body: false,
        answers: &[
            (
                200,
                "type v1results: the report. type busy: the scan has not ended.",
            ),
            (204, "There is no such result, or it is gone."),
            (
                400,
                "What is wrong with the request; or no ID, and there was no scan yet.",
            ),
            UNAUTHORIZED,
            (429, "Too many results are being sent."),
            (500, "Why the scan has no result."),
        ],
    },
    Route {
        method: "DELETE",
        path: "/v1/results",
        endpoint: Endpoint::DeleteResults,
        name: "deleteResults",
        text: "Remove a result, or all of them.",
        parameters: &[
            ID,
            Parameter {
                name: "all",
                schema: "boolean",
                text: "Remove all results.",
            },
        ],
        body: false,
        answers: &[
            (
                200,
                "type id: removed. type busy: the scan has not ended; cancel it.",
            ),
            (204, "There is no such result, or it is gone."),
            (
                400,
                "What is wrong with the request; or no ID, and there was no scan yet.",
            ),
            UNAUTHORIZED,
        ],
    },
    Route {
        method: "GET",
        path: "/v1/metrics",
        endpoint: Endpoint::Metrics,
        name: "getMetrics",
        text: "Numbers of the last full scan and of the service, for Prometheus.",
        parameters: &[
            Parameter {
                name: "frameworks",
                schema: "string",
                text: "Only these frameworks, separated by commas.",
            },
            SKIP,
        ],
        body: false,
        answers: &[
            (
                200,
                "Text for Prometheus; of scans only gauges before the first has ended.",
            ),
            (
                400,
                "What is wrong with the request; or a framework that the scan did not judge by.",
            ),
            UNAUTHORIZED,
        ],
    },
    Route {
        method: "GET",
        path: "/v1/explain",
        endpoint: Endpoint::Explain,
        name: "getExplain",
        text: "Why the stored result of an object is there, stale, partial or missing.",
        parameters: &[
            Parameter {
                name: "kind",
                schema: "string",
                text: "Kind of the object, in any case, or its plural.",
            },
            Parameter {
                name: "name",
                schema: "string",
                text: "Name of the object.",
            },
            Parameter {
                name: "namespace",
                schema: "string",
                text: "Its namespace; default without it.",
            },
            Parameter {
                name: "apiVersion",
                schema: "string",
                text: "As in apps/v1; without it all groups are looked through.",
            },
        ],
        body: false,
        answers: &[
            (200, "What is so, why, and what to do."),
            REFUSED,
            UNAUTHORIZED,
            OFF,
            (429, "Too many ask; try again after a second."),
        ],
    },
    Route {
        method: "GET",
        path: "/v1/progress",
        endpoint: Endpoint::Progress,
        name: "getProgress",
        text: "How far continuous scanning is.",
        parameters: &[],
        body: false,
        answers: &[
            (200, "What is read, judged and stored so far."),
            REFUSED,
            UNAUTHORIZED,
            OFF,
        ],
    },
    health(
        "/livez",
        Endpoint::Live,
        "getLivez",
        "Whether the process works.",
    ),
    health(
        "/readyz",
        Endpoint::Ready,
        "getReadyz",
        "Whether scans can succeed: the cluster answers, results can be kept.",
    ),
    document("/openapi/v3", "getOpenapi"),
    document("/openapi/v2/swagger.yaml", "getSwagger"),
    document("/openapi/v2/swagger.json", "getSwaggerJson"),
    page("/openapi/v2/", "getPage"),
    page("/openapi/v2/docs", "getDocs"),
    page("/openapi/v2/rapi", "getRapi"),
    page("/openapi/v2/swaggerui", "getSwaggerui"),
];

const fn health(
    path: &'static str,
    endpoint: Endpoint,
    name: &'static str,
    text: &'static str,
) -> Route {
    Route {
        answers: &[
            (200, "Yes."),
            (500, "No; with ?verbose, which check says so."),
        ],
        endpoint,
        ..open(path, name, text)
    }
}

const fn document(path: &'static str, name: &'static str) -> Route {
    open(path, name, "This document, as OpenAPI 3.")
}

const fn page(path: &'static str, name: &'static str) -> Route {
    Route {
        endpoint: Endpoint::Page,
        ..open(path, name, "This document, for people.")
    }
}

const fn open(path: &'static str, name: &'static str, text: &'static str) -> Route {
    Route {
        method: "GET",
        path,
        endpoint: Endpoint::Document,
        name,
        text,
        parameters: &[],
        body: false,
        answers: &[(200, "It.")],
    }
}

/// Where a request goes.
pub(crate) enum Found {
    Route(&'static Route),
    /// The path has other methods, which these are.
    Methods(String),
    Nothing,
}

/// Whether a path is one that a token guards.
pub(crate) fn is_guarded(path: &str) -> bool {
    path.starts_with("/v1/")
}

/// Finds the endpoint. HEAD asks for what GET would answer.
pub(crate) fn find(method: &Method, path: &str) -> Found {
    let wanted = if method == Method::HEAD {
        "GET"
    } else {
        method.as_str()
    };
    let of_path = || ROUTES.iter().filter(|route| matches(route.path, path));
    if let Some(route) = of_path().find(|route| route.method == wanted) {
        return Found::Route(route);
    }
    let mut methods: Vec<_> = of_path().map(|route| route.method).collect();
    if methods.is_empty() {
        return Found::Nothing;
    }
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    Found::Methods(methods.join(", "))
}

/// Health pages have one page a check, too.
fn matches(route: &str, path: &str) -> bool {
    let inside = || {
        path.strip_prefix(route)
            .is_some_and(|rest| rest.starts_with('/'))
    };
    route == path || (matches!(route, "/livez" | "/readyz") && inside())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_routes_answer_the_same() {
        for (number, route) in ROUTES.iter().enumerate() {
            let twins = ROUTES[..number].iter();
            for other in twins {
                assert!((route.method, route.path) != (other.method, other.path));
                assert_ne!(route.name, other.name);
            }
        }
    }

    #[test]
    fn a_wrong_method_hears_of_the_right_ones() {
        let allowed = |path: &str| match find(&Method::PUT, path) {
            Found::Methods(methods) => methods,
            _ => panic!("{path}"),
        };
        assert_eq!(allowed("/v1/scan"), "POST, DELETE");
        assert_eq!(allowed("/v1/results"), "GET, DELETE, HEAD");
        assert!(matches!(find(&Method::GET, "/v1"), Found::Nothing));
        assert!(matches!(
            find(&Method::HEAD, "/readyz/cluster"),
            Found::Route(_)
        ));
    }
}
