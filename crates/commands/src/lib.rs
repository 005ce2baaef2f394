//! The commands of the operator and what follows from them: how they are read, what
//! they reach, the requests that they become, the CronJobs that repeat them. Pure: no
//! I/O, clock, thread or async; random characters and times are given.
//! (control-plane reference, sections 2 to 4)

pub mod bson;
mod cloud;
mod command;
mod credentials;
pub mod cron;
mod fold;
mod image_scan;
mod kind;
mod name;
mod operator_command;
mod recurring;
mod registry;
mod report;
mod scan_request;
mod scope;
mod target;

pub use cloud::{Cloud, cloud_of};
pub use command::{
    Command, CommandError, Designator, JobParams, JobTracking, MAX_COMMANDS, Unpacked, parse,
};
pub use credentials::{Credential, docker_config, registry_of, registry_secret};
pub use fold::{field, text_of};
pub use image_scan::{ImageScan, image_hash};
pub use kind::{kind_of_wlid, plural};
pub use name::{Change, CommandName, Gate, Schedule};
pub use operator_command::{OperatorCommand, Order, decoded, status};
pub use recurring::{
    Made, RecurringError, Template, UpdateMarks, bodies, check_job_name, job_name, make,
    random_part,
};
pub use registry::{RegistryInfo, registry_objects};
pub use report::{JobReport, JobStatus};
pub use scan_request::{ScanDefaults, ScanReply, scan_request};
pub use scope::{Expansion, expansion, single};
pub use target::{parse_wild_wlid, parse_wlid};
