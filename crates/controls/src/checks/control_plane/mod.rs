//! Flags of the control plane: API server, controller manager, scheduler, etcd.
