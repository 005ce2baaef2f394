//! The clocks here and there agree: certificates and tokens live by them.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::api::Answer;
use crate::examine::Clinic;
use crate::finding::Said;

/// Answers say whole seconds, and take a moment.
const FINE: f64 = 5.0;
/// Tokens and certificates begin to fail.
const BAD: f64 = 60.0;

pub(crate) async fn check(clinic: &Clinic) -> Said {
    match clinic.api.get("/version").await {
        Ok(answer) => judge(&answer),
        Err(why) => Said::skipped(format!("the API server does not answer: {why}")),
    }
}

fn judge(answer: &Answer) -> Said {
    let Some(date) = &answer.date else {
        return Said::skipped("the API server's answer has no date");
    };
    let Ok(theirs) = rfc2822::parse(date) else {
        return Said::skipped(format!("the API server's date cannot be read: {date:?}"));
    };
    // In the middle between question and answer.
    let ours = seconds(answer.asked + answer.took / 2);
    // A date is cut to its second.
    let theirs = theirs.timestamp().as_duration().as_secs_f64() + 0.5;
    let apart = theirs - ours;
    let which = if apart > 0.0 { "ahead of" } else { "behind" };
    let apart = apart.abs();
    if apart <= FINE {
        return Said::ok("the API server's clock agrees with this one");
    }
    let found = format!("the API server's clock is {apart:.0} s {which} this one");
    let remedy = "set both by NTP, beginning with the one that is wrong";
    if apart > BAD {
        Said::fail(found, remedy)
    } else {
        Said::warn(found, remedy)
    }
}

fn seconds(time: SystemTime) -> f64 {
    let since =
        Timestamp::try_from(time).map_or(Duration::ZERO, |time| time.as_duration().unsigned_abs());
    since.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;
    use crate::checks::tests::answer;
    use serde_json::json;

    fn apart(seconds: i64) -> Said {
        let asked = Timestamp::from_second(1_800_000_000).unwrap();
        let theirs = Timestamp::from_second(1_800_000_000 + seconds).unwrap();
        let mut answer = answer(200, json!({}));
        answer.asked = asked.into();
        answer.date = Some(theirs.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        judge(&answer)
    }

    #[test]
    fn clocks_may_be_apart_by_a_few_seconds() {
        assert_eq!(apart(0).state, State::Ok);
        assert_eq!(apart(-4).state, State::Ok);
        let ahead = apart(30);
        assert_eq!(ahead.state, State::Warn);
        assert!(ahead.found.contains("ahead of"), "{}", ahead.found);
        let behind = apart(-3600);
        assert_eq!(behind.state, State::Fail);
        assert!(behind.found.contains("behind"), "{}", behind.found);
    }

    #[test]
    fn without_a_date_nothing_is_said() {
        assert_eq!(judge(&answer(200, json!({}))).state, State::Skipped);
    }
}
