//! The server: from a request and who sent it to an answer. Knows no sockets.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header};
use kubescape_api::{ConfigurationSummaries, GROUP, Resource, VERSION, VulnerabilitySummaries};
use kubescape_apimachinery::{Failure, RequestInfo};
use kubescape_runtime::serve::{Body, BoxError, empty};
use kubescape_runtime::{Health, Shutdown};
use kubescape_store::Store;

use crate::auth::{Access, Asked, Authentication, Caller};
use crate::clock::Clock;
use crate::computed::{Policies, Summaries};
use crate::documents::Documents;
use crate::lanes::Lanes;
use crate::metrics::Metrics;
use crate::respond;
use crate::rest::{self, Call};
use crate::settings::Settings;

/// Serves the API group. Clones share everything.
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Settings,
    pub(crate) lanes: Lanes,
    pub(crate) configurations: Summaries<ConfigurationSummaries>,
    pub(crate) vulnerabilities: Summaries<VulnerabilitySummaries>,
    pub(crate) policies: Policies,
    pub(crate) clock: Clock,
    pub(crate) shutdown: Shutdown,
    pub(crate) metrics: Metrics,
    documents: Documents,
    authentication: Arc<Authentication>,
    health: Health,
}

impl Server {
    /// A server over a store.
    pub fn new(
        store: Arc<dyn Store>,
        authentication: Arc<Authentication>,
        health: Health,
        shutdown: Shutdown,
        settings: Settings,
    ) -> Self {
        let inner = Inner {
            lanes: Lanes::new(settings.room),
            configurations: Summaries::new(Arc::clone(&store)),
            vulnerabilities: Summaries::new(Arc::clone(&store)),
            policies: Policies::new(Arc::clone(&store)),
            clock: Clock,
            shutdown,
            metrics: Metrics::default(),
            documents: Documents::new(settings.computed),
            store,
            authentication,
            health,
            settings,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Answers one request. Failures are answers, too.
    pub async fn answer<B>(&self, request: Request<B>, caller: &Caller) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let head = request.method() == Method::HEAD;
        let answer = self.route(request, caller).await;
        let mut response = answer.unwrap_or_else(|failure| respond::failure(&failure));
        if head {
            *response.body_mut() = empty();
        }
        response
    }

    async fn route<B>(
        &self,
        request: Request<B>,
        caller: &Caller,
    ) -> Result<Response<Body>, Failure>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path();
        let query = parts.uri.query().unwrap_or_default();
        // Before anything else, and without a question: kube-apiserver takes the
        // whole group away when these do not answer at once.
        if let Some(answer) = self.inner.health.answer(path, Some(query)) {
            let kind = "text/plain; charset=utf-8";
            return Ok(respond::bytes(answer.code, kind, answer.body));
        }
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        if let Some(answer) = self.inner.documents.answer(path, &parts.headers)? {
            return if reads {
                Ok(answer)
            } else {
                Err(not_a_read(&parts.method))
            };
        }
        let info = RequestInfo::parse(parts.method.as_str(), path, query)?;
        self.admit(&info, caller, &parts.headers).await?;
        if !info.is_resource {
            return self.page(&info).await;
        }
        let call = self.call(&info, query, parts.headers)?;
        rest::serve(call, &info.verb, body).await
    }

    /// Lets in who may do what the request asks for.
    async fn admit(
        &self,
        info: &RequestInfo,
        caller: &Caller,
        headers: &HeaderMap,
    ) -> Result<(), Failure> {
        let asked = self.inner.authentication.who(caller, headers).await;
        let asked = asked.map_err(|why| {
            tracing::warn!(why, path = info.path, "not authenticated");
            Failure::unauthorized()
        })?;
        let user = match &asked {
            Asked::Anonymous => return Err(Failure::unauthorized()),
            Asked::Direct(user) | Asked::Proxied(user) => user,
        };
        let resource = if info.subresource.is_empty() {
            info.resource.clone()
        } else {
            format!("{}/{}", info.resource, info.subresource)
        };
        let access = Access {
            verb: info.verb.as_str().to_owned(),
            resource,
            namespace: info.namespace.clone(),
            name: info.name.clone(),
            path: info.path.clone(),
        };
        let verdict = self.inner.authentication.may(&asked, &access).await;
        let verdict = verdict.map_err(|why| {
            tracing::error!(why, user = user.name, path = info.path, "not authorised");
            Failure::internal(format!("the access could not be reviewed: {why}"))
        })?;
        if verdict.allowed {
            return Ok(());
        }
        let (verb, why) = (&access.verb, &verdict.reason);
        Err(if info.is_resource {
            let (resource, namespace) = (&access.resource, &access.namespace);
            Failure::forbidden(
                &user.name,
                verb,
                &info.group,
                resource,
                namespace,
                &access.name,
                why,
            )
        } else {
            Failure::forbidden_path(&user.name, verb, &info.path, why)
        })
    }

    /// Pages for those who run the server.
    async fn page(&self, info: &RequestInfo) -> Result<Response<Body>, Failure> {
        if info.path != "/metrics" {
            return Err(Failure::unknown_path());
        }
        let usage = self.inner.store.usage().await;
        let usage = usage.map_err(|error| respond::of_store(&error, "", ""))?;
        let text = self.inner.metrics.render(&usage, &self.inner.lanes);
        let kind = "text/plain; version=0.0.4; charset=utf-8";
        Ok(respond::bytes(200, kind, text))
    }

    fn call(&self, info: &RequestInfo, query: &str, headers: HeaderMap) -> Result<Call, Failure> {
        let ours = info.group == GROUP && info.version == VERSION;
        let resource = Resource::by_plural(&info.resource)
            .filter(|resource| ours && (self.inner.settings.computed || !resource.computed))
            .filter(|_| info.subresource.is_empty() && info.rest.is_empty())
            .ok_or_else(Failure::unknown_path)?;
        // A field selector that names one object is no name of the path.
        let many = matches!(
            info.verb,
            kubescape_apimachinery::Verb::List
                | kubescape_apimachinery::Verb::Watch
                | kubescape_apimachinery::Verb::DeleteCollection
        );
        Ok(Call {
            server: Arc::clone(&self.inner),
            resource,
            namespace: info.namespace.clone(),
            name: if many {
                String::new()
            } else {
                info.name.clone()
            },
            query: query.to_owned(),
            headers,
        })
    }
}

fn not_a_read(method: &Method) -> Failure {
    let mut failure = Failure::method_not_supported("", "", method.as_str());
    failure.message = "the server does not allow this method on the requested resource".to_owned();
    failure
}

/// The text of a header.
pub(crate) fn accept_header(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ACCEPT)?.to_str().ok()
}
