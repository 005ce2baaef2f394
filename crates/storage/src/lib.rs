//! The storage role: serves the API group over a store as a real Kubernetes API
//! server would. Touches the network, the store and the clock it is given.

mod auth;
mod cluster;
mod computed;
mod discovery;
mod draft;
mod lanes;
