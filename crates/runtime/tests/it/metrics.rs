//! `/metrics` in the classic form.

use kubescape_runtime::metrics::Metrics;
use kubescape_runtime::metrics::prometheus_client::metrics::counter::Counter;
use kubescape_runtime::metrics::prometheus_client::metrics::family::Family;
use kubescape_runtime::metrics::prometheus_client::metrics::gauge::Gauge;
use kubescape_runtime::metrics::prometheus_client::metrics::histogram::Histogram;
use kubescape_runtime::metrics::prometheus_client::metrics::info::Info;

#[test]
fn names_are_exactly_those_that_are_documented() {
    let metrics = Metrics::new();
    let bare = Counter::<u64>::default();
    let total = Family::<Vec<(String, String)>, Counter>::default();
    let gauge = Gauge::<i64>::default();
    let histogram = Histogram::new([0.1, 1.0]);
    metrics.register("kubescape_scans", "Scans\nso far, C:\\", bare.clone());
    metrics.register("requests_total", "Requests", total.clone());
    metrics.register("store_bytes", "Bytes", gauge.clone());
    metrics.register("duration_seconds", "Time", histogram.clone());
    metrics.register("build", "Version", Info::new(vec![("v", "1")]));
    bare.inc_by(3);
    let odd = "a\"b\\c\nd".to_owned();
    total.get_or_create(&vec![("path".to_owned(), odd)]).inc();
    gauge.set(-5);
    histogram.observe(0.5);

    let text = metrics.text();

    for wanted in [
        "# HELP kubescape_scans Scans\\nso far, C:\\\\\n# TYPE kubescape_scans counter\nkubescape_scans 3\n",
        "# HELP requests_total Requests\n# TYPE requests_total counter\nrequests_total{path=\"a\\\"b\\\\c\\nd\"} 1\n",
        "# TYPE store_bytes gauge\nstore_bytes -5\n",
        "# TYPE duration_seconds histogram\n",
        "duration_seconds_bucket{le=\"1.0\"} 1\n",
        "duration_seconds_bucket{le=\"+Inf\"} 1\n",
        "duration_seconds_sum 0.5\nduration_seconds_count 1\n",
        "# TYPE build_info gauge\nbuild_info{v=\"1\"} 1\n",
        "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total ",
        "# TYPE process_resident_memory_bytes gauge\nprocess_resident_memory_bytes ",
        "process_open_fds ",
        "process_start_time_seconds ",
    ] {
        assert!(text.contains(wanted), "{wanted:?} is missing in:\n{text}");
    }
    assert!(
        !text.contains("# EOF") && !text.contains("scans_total") && !text.contains("_total_total")
    );
}
