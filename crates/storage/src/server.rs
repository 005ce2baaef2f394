//! The server: from a request and who sent it to an answer. Knows no sockets.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, header};
use kubescape_api::{ConfigurationSummaries, GROUP, Resource, VERSION, VulnerabilitySummaries};
use kubescape_apimachinery::{Failure, RequestInfo, Verb};
use kubescape_runtime::serve::{Body, BoxError, empty};
use kubescape_runtime::{Health, Shutdown};
use kubescape_store::Store;
use tracing::Instrument as _;

use crate::auth::{Access, Asked, Authentication, Caller};
use crate::batch;
use crate::computed::{Policies, Summaries};
use crate::conditions::Conditions;
use crate::documents::Documents;
use crate::lanes::Lanes;
use crate::metrics::Metrics;
use crate::one_by_one::OneByOne;
use crate::respond;
use crate::rest::{self, Call};
use crate::settings::Settings;

/// Serves the API group. Clones share everything.
///
/// Discovery and health answer from the first moment, everything else once
/// [`Server::open`] was called: kube-apiserver must never miss the group.
#[derive(Clone)]
pub struct Server {
    front: Arc<Front>,
}

struct Front {
    documents: Documents,
    health: Health,
    settings: Settings,
    conditions: Conditions,
    inner: OnceLock<Arc<Inner>>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Settings,
    pub(crate) lanes: Lanes,
    pub(crate) one_by_one: OneByOne,
    pub(crate) configurations: Summaries<ConfigurationSummaries>,
    pub(crate) vulnerabilities: Summaries<VulnerabilitySummaries>,
    pub(crate) policies: Policies,
    pub(crate) shutdown: Shutdown,
    pub(crate) metrics: Metrics,
    authentication: Arc<Authentication>,
    conditions: Conditions,
}

impl Server {
    /// A server that has no store yet.
    pub fn new(health: Health, settings: Settings) -> Self {
        let front = Front {
            documents: Documents::new(settings.computed),
            health,
            settings,
            conditions: Conditions::default(),
            inner: OnceLock::new(),
        };
        Self {
            front: Arc::new(front),
        }
    }

    /// Serves from that store from now on; a second call changes nothing.
    pub fn open(
        &self,
        store: Arc<dyn Store>,
        authentication: Arc<Authentication>,
        metrics: &kubescape_runtime::metrics::Metrics,
        shutdown: Shutdown,
    ) {
        let settings = self.front.settings.clone();
        let inner = Inner {
            lanes: Lanes::new(settings.room),
            one_by_one: OneByOne::new(settings.room.patience),
            configurations: Summaries::new(Arc::clone(&store)),
            vulnerabilities: Summaries::new(Arc::clone(&store)),
            policies: Policies::new(Arc::clone(&store)),
            shutdown,
            metrics: Metrics::register(metrics),
            store,
            authentication,
            conditions: self.conditions(),
            settings,
        };
        // Set already: the first store stays.
        let _ = self.front.inner.set(Arc::new(inner));
    }

    /// What is said of the state of the store; somebody has to keep it up to date.
    pub(crate) fn conditions(&self) -> Conditions {
        self.front.conditions.clone()
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
        if let Some(answer) = self.front.health.answer(path, Some(query)) {
            let kind = "text/plain; charset=utf-8";
            return Ok(respond::bytes(answer.code, kind, answer.body));
        }
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        if reads && let Some(answer) = self.front.documents.answer(path, &parts.headers)? {
            return Ok(answer);
        }
        let info = RequestInfo::parse(parts.method.as_str(), path, query)?;
        let inner = self.front.inner.get().ok_or_else(|| {
            Failure::service_unavailable("the storage is starting: try again after a second", 1)
        })?;
        let begun = Instant::now();
        let span = tracing::info_span!(
            "request",
            verb = info.verb.as_str(),
            resource = info.resource,
            namespace = info.namespace,
            name = info.name,
            code = tracing::field::Empty,
        );
        let served = inner.serve(&info, query, parts.headers, body, caller);
        let answer = served.instrument(span.clone()).await;
        let code = match &answer {
            Ok(response) => response.status().as_u16(),
            Err(failure) => failure.code,
        };
        span.record("code", code);
        let verb = info.verb.as_str();
        inner
            .metrics
            .request(verb, &info.resource, code, begun.elapsed());
        answer
    }
}

impl Inner {
    async fn serve<B>(
        self: &Arc<Self>,
        info: &RequestInfo,
        query: &str,
        headers: HeaderMap,
        body: B,
        caller: &Caller,
    ) -> Result<Response<Body>, Failure>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: Into<BoxError>,
    {
        let asked = self.admit(info, caller, &headers).await?;
        if !info.is_resource {
            return self.page(info).await;
        }
        if batch::is_batch(info) {
            return batch::serve(self, info, &asked, &headers, body).await;
        }
        let call = self.call(info, query, headers)?;
        let resource = call.resource;
        let mut answer = rest::serve(call, &info.verb, body).await?;
        respond::warn(&mut answer, &self.conditions.warnings(resource.plural));
        Ok(answer)
    }

    /// Lets in who may do what the request asks for.
    async fn admit(
        &self,
        info: &RequestInfo,
        caller: &Caller,
        headers: &HeaderMap,
    ) -> Result<Asked, Failure> {
        let asked = self.authentication.who(caller, headers).await;
        let asked = asked.map_err(|why| {
            tracing::warn!(why, path = info.path, "not authenticated");
            // A token is reviewed by the cluster, whomever that trusts.
            if *caller == Caller::Nobody || self.authentication.is_ready() {
                Failure::unauthorized()
            } else {
                // Clients take a 401 for final, and this passes in a moment.
                let why = "whom the cluster trusts is not known yet: try again after a second";
                Failure::service_unavailable(why, 1)
            }
        })?;
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
        self.allow(&asked, &access, &info.group, info.is_resource)
            .await?;
        Ok(asked)
    }

    /// Whether who asks may do an item of a batch, too: nobody has looked at that yet.
    pub(crate) async fn allow_item(&self, asked: &Asked, access: &Access) -> Result<(), Failure> {
        self.allow(&asked.for_more(), access, GROUP, true).await
    }

    async fn allow(
        &self,
        asked: &Asked,
        access: &Access,
        group: &str,
        is_resource: bool,
    ) -> Result<(), Failure> {
        let user = match asked {
            Asked::Anonymous => return Err(Failure::unauthorized()),
            Asked::Direct(user) | Asked::Proxied(user) => user,
        };
        let path = &access.path;
        let verdict = self.authentication.may(asked, access).await;
        let verdict = verdict.map_err(|why| {
            tracing::error!(why, user = user.name, path, "not authorised");
            Failure::internal(format!("the access could not be reviewed: {why}"))
        })?;
        if verdict.allowed {
            return Ok(());
        }
        let (verb, why) = (&access.verb, &verdict.reason);
        Err(if is_resource {
            let (resource, namespace) = (&access.resource, &access.namespace);
            Failure::forbidden(
                &user.name,
                verb,
                group,
                resource,
                namespace,
                &access.name,
                why,
            )
        } else {
            Failure::forbidden_path(&user.name, verb, path, why)
        })
    }

    /// Pages for those who run the server.
    async fn page(&self, info: &RequestInfo) -> Result<Response<Body>, Failure> {
        if info.path != "/metrics" {
            return Err(Failure::unknown_path());
        }
        let usage = self.store.usage().await;
        let usage = usage.map_err(|error| respond::of_store(&error, "", ""))?;
        let text = self.metrics.text(&usage, &self.lanes);
        let kind = kubescape_runtime::metrics::Metrics::CONTENT_TYPE;
        Ok(respond::bytes(200, kind, text))
    }

    fn call(
        self: &Arc<Self>,
        info: &RequestInfo,
        query: &str,
        headers: HeaderMap,
    ) -> Result<Call, Failure> {
        let ours = info.group == GROUP && info.version == VERSION;
        let resource = Resource::by_plural(&info.resource)
            .filter(|resource| ours && (self.settings.computed || !resource.computed))
            .filter(|_| info.subresource.is_empty() && info.rest.is_empty())
            .ok_or_else(Failure::unknown_path)?;
        // A field selector that names one object is no name of the path. Only the
        // old form of a watch has one there: access was granted to that object.
        let many = matches!(info.verb, Verb::List | Verb::DeleteCollection);
        let query = if info.verb == Verb::Watch {
            // The old form is a watch by its path alone.
            format!("watch=true&{query}")
        } else {
            query.to_owned()
        };
        Ok(Call {
            server: Arc::clone(self),
            resource,
            namespace: info.namespace.clone(),
            name: if many {
                String::new()
            } else {
                info.name.clone()
            },
            query,
            headers,
        })
    }
}

/// The text of a header.
pub(crate) fn accept_header(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ACCEPT)?.to_str().ok()
}
