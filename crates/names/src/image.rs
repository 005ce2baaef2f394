//! Names of objects about an image: SBOMs, vulnerability manifests without
//! relevancy, and VEX documents. The same in both eras.

use crate::object_name::{MAX_NAME_LENGTH, NameError, ObjectName, cut};

/// How much of the image ID's end goes into the name.
const ID_LENGTH: usize = 6;

/// The name for what is known about an image: its reference with `://`, `:`,
/// `/`, `_` and `@` as `-`, and the last six characters of its ID.
///
/// `image_id` may be a digest alone or with anything before it
/// (`docker-pullable://nginx@sha256:…`).
pub fn image_object_name(image: &str, image_id: &str) -> Result<ObjectName, NameError> {
    if image.is_empty() {
        return Err(NameError::MissingPart {
            part: "image reference",
        });
    }
    let too_short = NameError::MissingPart { part: "image ID" };
    let id_start = image_id.len().checked_sub(ID_LENGTH);
    // Within a character, the start is as wrong as too short an ID.
    let id = id_start.and_then(|start| image_id.get(start..));
    let id = id.ok_or(too_short)?;

    let image = image.replace("://", "-").replace([':', '/', '_', '@'], "-");
    let image = cut(&image, MAX_NAME_LENGTH - ID_LENGTH - 1);
    ObjectName::new(format!("{image}-{id}").to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(image: &str, id: &str) -> String {
        image_object_name(image, id).unwrap().into_string()
    }

    #[test]
    fn reference_and_end_of_the_id() {
        assert_eq!(
            name("registry.example.com/team_a/cart:2.4.1", "sha256:00e2d1c0"),
            "registry.example.com-team-a-cart-2.4.1-e2d1c0"
        );
        assert_eq!(
            name("docker://Cart@sha256:ABCDEF", "ABCDEF"),
            "docker-cart-sha256-abcdef-abcdef"
        );
    }

    #[test]
    fn long_references_are_cut_to_246() {
        let name = name(&"a".repeat(400), "0123456789");
        assert_eq!(name, format!("{}-456789", "a".repeat(246)));
        // Shorter once its `://` is one `-`: upstream's client panics here.
        let image = format!("http://{}", "a".repeat(240));
        assert_eq!(self::name(&image, "456789").len(), 252);
    }

    #[test]
    fn what_cannot_name_an_object_is_refused() {
        for (image, id) in [
            ("", "012345"),
            ("cart", ""),
            ("cart", "12345"),
            ("cart", "1234é5"),
            ("ca rt", "012345"),
            ("-cart", "012345"),
            ("cart", "01234-"),
            ("cart", "éééé"),
        ] {
            assert!(image_object_name(image, id).is_err(), "{image} {id}");
        }
    }

    proptest! {
        #[test]
        fn hostile_input_gives_an_error_or_a_valid_name(
            image in any::<String>(), id in any::<String>(), long in "[a-zé:/]{230,260}"
        ) {
            let _ = image_object_name(&image, &id);
            let _ = image_object_name(&long, "012345");
        }
    }
}
