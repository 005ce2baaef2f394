//! What a Kubernetes API does with the resources of the group: one file a verb.
//! Reads and writes the store.

mod allowance;
mod call;
mod change;
mod computed;
mod create;
mod delete;
mod get;
mod list;
mod pages;
mod patch;
mod render;
mod reply;
mod streamed;
mod take;
mod update;
mod watch;

pub(crate) use call::{Call, busy};

use http::Response;
use kubescape_apimachinery::{Failure, Verb};
use kubescape_runtime::serve::{Body, BoxError};

use bytes::Bytes;
use kubescape_api::GROUP;

/// Does what is asked.
pub(crate) async fn serve<B>(call: Call, verb: &Verb, body: B) -> Result<Response<Body>, Failure>
where
    B: http_body::Body<Data = Bytes> + Send,
    B::Error: Into<BoxError>,
{
    call.check_place(verb)?;
    if call.resource.computed {
        return match verb {
            Verb::Get => computed::get(&call).await,
            Verb::List => computed::list(&call).await,
            _ => Err(call.not_allowed(verb)),
        };
    }
    match verb {
        Verb::Get => get::get(&call).await,
        Verb::List => list::list(&call).await,
        Verb::Watch => watch::watch(&call).await,
        Verb::Create => create::create(&call, body).await,
        Verb::Update => update::update(&call, body).await,
        Verb::Patch => patch::patch(&call, body).await,
        Verb::Delete => delete::delete(&call, body).await,
        Verb::DeleteCollection => delete::delete_collection(&call, body).await,
        Verb::Method(_) => Err(call.not_allowed(verb)),
    }
}

impl Call {
    fn not_allowed(&self, verb: &Verb) -> Failure {
        Failure::method_not_supported(GROUP, self.resource.plural, verb.as_str())
    }

    /// Whether the path has what the verb needs: objects of namespaces are made
    /// and deleted in one, others in none.
    fn check_place(&self, verb: &Verb) -> Result<(), Failure> {
        let in_namespace = !self.namespace.is_empty();
        if self.resource.namespaced() {
            let across = matches!(verb, Verb::List | Verb::Watch);
            if !in_namespace && !across {
                return Err(match verb {
                    Verb::Create | Verb::DeleteCollection => self.not_allowed(verb),
                    _ => Failure::unknown_path(),
                });
            }
        } else if in_namespace {
            return Err(Failure::unknown_path());
        }
        let one = matches!(verb, Verb::Get | Verb::Update | Verb::Patch | Verb::Delete);
        let none = matches!(verb, Verb::Create | Verb::DeleteCollection);
        if (one && self.name.is_empty()) || (none && !self.name.is_empty()) {
            return Err(self.not_allowed(verb));
        }
        Ok(())
    }
}
