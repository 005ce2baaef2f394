//! Label and annotation keys, workload and instance identifiers, and the names
//! of stored objects. Pure: no I/O, clock, thread or async.
//!
//! Two eras of names exist. *Seed* names are those of the clients of chart
//! 1.16.7; *later* names those since 24 December 2023, which drop namespace and
//! API version and, where that is enough, the hash. Functions without an era in
//! their name give what we write. (storage reference §4 and §5.)

pub mod annotation;
mod cluster;
mod digest;
mod image;
mod instance_id;
mod instance_name;
pub mod label;
mod object_name;
mod sanitize;
mod scan_name;
mod wlid;
mod workload_name;

pub use cluster::cluster_name;
pub use image::image_object_name;
pub use instance_id::{ContainerType, InstanceContainer, InstanceId, InstanceIdError};
pub use instance_name::{
    SeriesId, instance_object_name, instance_object_name_seed, time_series_name,
};
pub use label::is_valid_label_value;
pub use object_name::{MAX_NAME_LENGTH, NameError, ObjectName, is_valid_object_name};
pub use sanitize::sanitize_label_value;
pub use scan_name::{
    RbacTriplet, ScannedObject, is_built_in_group, rbac_scan_name, rbac_scan_name_later,
    rbac_scan_name_seed, scan_name, scan_name_later, scan_name_seed,
};
pub use wlid::{Wlid, WlidError, WlidWorkload};
pub use workload_name::{USER_MANAGED_PREFIX, summary_object_name, workload_object_name};
