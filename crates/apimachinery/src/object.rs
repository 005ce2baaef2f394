//! What a server does with `metadata` when objects are created, updated and
//! deleted. (`apiserver/pkg/registry/rest`, `apimachinery/pkg/api/validation`)

mod create;
mod delete;
mod meta;
mod noop;
mod place;
mod update;
mod validate;

pub use create::{Creation, prepare_create};
pub use delete::{Deletion, begin_delete, check_preconditions, is_released};
pub use noop::is_noop;
pub use update::{Target, prepare_update, validate_update};
pub use validate::validate_meta;
