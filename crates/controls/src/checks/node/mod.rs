//! Facts that a node agent reports: kubelet settings and files on the node.
