//! Every result fits its schema: a strict server drops nothing of it and adds
//! nothing to it.

use kubescape_api::Resource;
use kubescape_names::{is_valid_label_value, is_valid_object_name};

use crate::small::{objects, results, world_of};

#[test]
fn every_result_fits_its_schema_names_and_labels() {
    let results = results(&mut world_of(&objects(), "all"));
    assert!(results.len() >= 8, "{}", results.len());
    for result in results {
        let json: serde_json::Value = serde_json::to_value(result.document().unwrap()).unwrap();
        let resource = Resource::by_plural(result.resource.plural()).unwrap();
        assert_eq!(resource.kind, json["kind"]);
        assert_eq!(
            resource.unknown_fields(&json),
            Vec::<String>::new(),
            "{}",
            result.name
        );
        assert!(resource.validate(&json).is_empty(), "{}", result.name);
        let mut normal = json.clone();
        resource.normalize(&mut normal);
        assert_eq!(normal, json, "{}", result.name);
        assert!(is_valid_object_name(&result.name));
        for (key, value) in &result.labels {
            assert!(is_valid_label_value(value), "{key}: {value}");
        }
    }
}
