//! Who is asked about an object: a scanner that is named, the scanner in the cluster,
//! or else the cluster itself.

use std::fmt::Write as _;
use std::time::Duration;

use http::Method;
use http::header::{AUTHORIZATION, HeaderValue};
use kubescape_doctor::{Api, look};
use kubescape_explain::{Explanation, ObjectRef, Verdict};
use kubescape_live::{Access, ConnectError};
use kubescape_runtime::outgoing::{HttpClient, Outgoing};
use serde_json::Value as Json;

use crate::arguments::{Answers, ExplainArguments};
use crate::exit::{Exit, Failure};
use crate::output;

/// A scanner works for ten seconds at most.
const PATIENCE: Duration = Duration::from_secs(15);

/// The environment variable that holds the scanner's token.
const TOKEN: &str = "KS_API_TOKEN";

pub(super) fn run(arguments: &ExplainArguments, mut object: ObjectRef) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let explanation = runtime.block_on(async {
        if let Some(server) = &arguments.server {
            object.namespace = arguments.namespace.clone().unwrap_or_default();
            return at_server(server, &object).await;
        }
        in_cluster(arguments, object).await
    })?;
    let text = match arguments.output {
        Answers::Text => explanation.text(),
        Answers::Json => {
            let json = serde_json::to_string_pretty(&explanation);
            json.map_err(|error| Failure::new(Exit::Internal, error))? + "\n"
        }
    };
    output::print(&text)?;
    Ok(exit(&explanation.verdict))
}

/// As for a scan: what is not there or could not be looked at is input that is missing.
fn exit(verdict: &Verdict) -> Exit {
    match verdict {
        Verdict::NoSuchObject | Verdict::NoSuchKind | Verdict::Unknown => Exit::Input,
        _ => Exit::Success,
    }
}

/// The path and query of the question.
fn path(object: &ObjectRef) -> String {
    let mut path = "/v1/explain?".to_owned();
    let parameters = [
        ("apiVersion", &object.api_version),
        ("kind", &object.kind),
        ("namespace", &object.namespace),
        ("name", &object.name),
    ];
    let given = parameters.iter().filter(|(_, value)| !value.is_empty());
    for (place, (name, value)) in given.enumerate() {
        let and = if place > 0 { "&" } else { "" };
        // Writing to memory cannot fail.
        let _ = write!(path, "{and}{name}={}", encoded(value));
    }
    path
}

/// Everything but what names are made of, as `%xx`.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

async fn at_server(server: &str, object: &ObjectRef) -> Result<Explanation, Failure> {
    let client = HttpClient::new().map_err(|error| Failure::new(Exit::Internal, error))?;
    let url = format!("{}{}", server.trim_end_matches('/'), path(object));
    let mut request = Outgoing::new(Method::GET, url);
    request.patience = PATIENCE;
    if let Ok(token) = std::env::var(TOKEN) {
        let value = HeaderValue::try_from(format!("Bearer {token}"));
        let mut value = value
            .map_err(|_| Failure::usage(format!("{TOKEN} has characters that no token has")))?;
        value.set_sensitive(true);
        request.headers.push((AUTHORIZATION, value));
    }
    let answer = client.send(&request).await;
    let answer = answer.map_err(|error| Failure::input(format!("--server: {error}")))?;
    read(answer.code, &answer.body)
        .map_err(|why| Failure::input(format!("--server {server}: {why}")))
}

/// What a scanner answered; `Err` says why that is no explanation.
fn read(code: u16, body: &[u8]) -> Result<Explanation, String> {
    if code == 200 {
        return serde_json::from_slice(body)
            .map_err(|error| format!("the answer is no explanation: {error}"));
    }
    let json: Json = serde_json::from_slice(body).unwrap_or_default();
    let said = json["response"].as_str().or(json["message"].as_str());
    Err(match said {
        Some(said) => format!("HTTP {code}: {said}"),
        None => format!("HTTP {code}"),
    })
}

async fn in_cluster(
    arguments: &ExplainArguments,
    mut object: ObjectRef,
) -> Result<Explanation, Failure> {
    let access = Access {
        kubeconfig: arguments.kubeconfig.clone(),
        context: arguments.kube_context.clone(),
    };
    let api = Api::open(&access, PATIENCE)
        .await
        .map_err(|error| match error {
            ConnectError::NoSuchContext { .. } => Failure::usage(error),
            error => Failure::input(format!("{error}; or name a scanner with --server")),
        })?;
    let namespace = arguments.namespace.as_deref();
    namespace
        .unwrap_or(api.namespace())
        .clone_into(&mut object.namespace);
    let product = &arguments.kubescape_namespace;
    let service = kubescape_doctor::scanner_proxy(product);
    let asked = api.get(&format!("{service}{}", path(&object))).await;
    let why = match asked {
        Ok(answer) if answer.code == 200 => {
            match serde_json::from_value::<Explanation>(answer.body) {
                Ok(explanation) => return Ok(explanation),
                Err(error) => format!("its answer is no explanation: {error}"),
            }
        }
        Ok(answer) => match answer.body["response"].as_str() {
            Some(said) => said.to_owned(),
            None => answer.words(),
        },
        Err(why) => why,
    };
    let mut explanation = look(&api, &access, object, product, PATIENCE)
        .await
        .map_err(Failure::input)?;
    let note = format!("the scanner in the namespace {product} did not answer that: {why}");
    explanation.unknown.push(note);
    Ok(explanation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_names_the_object_and_nothing_else() {
        let mut object = ObjectRef {
            api_version: "apps/v1".to_owned(),
            kind: "Deployment".to_owned(),
            namespace: String::new(),
            name: "a&b é".to_owned(),
        };
        let query = "apiVersion=apps%2Fv1&kind=Deployment&name=a%26b%20%C3%A9";
        assert_eq!(path(&object), format!("/v1/explain?{query}"));
        object.api_version.clear();
        object.namespace = "shop".to_owned();
        assert!(path(&object).starts_with("/v1/explain?kind=Deployment&namespace=shop&"));
    }

    #[test]
    fn a_scanner_s_refusal_is_told_in_its_words() {
        let off = br#"{"id":"","type":"error","response":"continuous scanning is off here"}"#;
        let why = read(404, off).unwrap_err();
        assert_eq!(why, "HTTP 404: continuous scanning is off here");
        assert_eq!(read(502, b"<html>").unwrap_err(), "HTTP 502");
        assert!(read(200, b"{}").unwrap_err().contains("no explanation"));
        let said = br#"{"object":{"kind":"Pod","name":"a"},"verdict":"current","reasons":[]}"#;
        assert_eq!(read(200, said).unwrap().verdict, Verdict::Current);
    }
}
