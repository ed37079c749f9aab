//! A run as a trace that trace viewers open (Chrome's trace event format, JSON): Perfetto, or the browser's own.
//!
//! One step is a microsecond, so what a viewer shows as time are steps. Each actor is a thread: its bars, and below
//! them what it holds, as asynchronous slices, since holds of one actor need not lie in each other. A breach is an instant
//! over all threads.

use super::sentence;
use super::timeline::{BarState, timeline};
use crate::sched::Run;
use crate::sim::Code;
use serde_json::{Value, json};

/// The process that all actors are threads of.
const RUN: u32 = 1;

/// The current branch to its end as a trace, for the file `what.json`. The run is left where it is.
pub fn trace<C: Code>(run: &mut Run<C>, what: &str) -> Value {
    let lanes = timeline(run);
    let mut events = vec![json!({ "ph": "M", "name": "process_name", "pid": RUN, "args": { "name": what } })];
    for lane in &lanes.lanes {
        let tid = u32::from(lane.actor) + 1;
        events.push(json!({ "ph": "M", "name": "thread_name", "pid": RUN, "tid": tid, "args": { "name": lane.name } }));
        for bar in lane.bars.iter().filter(|bar| matches!(bar.state, BarState::Run | BarState::Wait)) {
            let name = if bar.state == BarState::Wait { "waits" } else { "runs" };
            let dur = bar.to - bar.from;
            events.push(
                json!({ "ph": "X", "cat": "actor", "name": name, "pid": RUN, "tid": tid, "ts": bar.from, "dur": dur }),
            );
        }
        for (n, hold) in lane.holds.iter().enumerate() {
            let side = if hold.shared { " (shared side)" } else { "" };
            let name = format!("{}{side}", hold.lock.text);
            let id = format!("{}.{n}", lane.actor);
            let ends = [("b", hold.from), ("e", hold.to.unwrap_or(lanes.len))];
            events.extend(ends.map(
                |(ph, ts)| json!({ "ph": ph, "cat": "hold", "name": name, "id": id, "pid": RUN, "tid": tid, "ts": ts }),
            ));
        }
    }
    let at = run.at();
    for step in 1..=lanes.len {
        run.seek(step);
        let actor = run.last_event().map_or(0, |e| u32::from(e.actor.0)) + 1;
        let said = sentence(run);
        events.push(json!({
            "ph": "X", "cat": "step", "name": said, "pid": RUN, "tid": actor, "ts": step - 1, "dur": 1,
            "args": { "step": step },
        }));
    }
    run.seek(at);
    events.extend(lanes.marks.iter().map(|mark| {
        json!({
            "ph": "i", "s": "g", "cat": "breach", "name": format!("{}: {}", mark.rule, mark.why), "pid": RUN,
            "tid": mark.actor.map_or(0, u32::from) + 1, "ts": mark.step,
        })
    }));
    json!({ "displayTimeUnit": "ns", "traceEvents": events, "otherData": { "program": "p2mscope", "one step": "1 us" } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::ActorId;
    use crate::lesson::Lesson;
    use crate::watch::Rules;

    /// A lock event each way: the shared side of the table and the range are taken, the range is released, the side is kept.
    #[test]
    fn steps_holds_and_lanes_are_told_and_the_run_stays() {
        let text = "id = 'T'\ntitle = 'T'\ngoal = 'T'\nhints = ['a', 'b']\ndomain = [{ id = 1, map = '0x10 = ram_rw' }]\n\
            [[actor]]\nname = 'A'\nkind = 'toolstack'\nprogram = 'lock gfn(1:0x10); unlock gfn(1:0x10)'\n";
        let lesson = Lesson::parse(text).unwrap_or_else(|e| panic!("{e:#?}"));
        let mut run = Run::new(lesson.stage("before", None, None).unwrap().sim(Rules::NONE));
        (0..3).for_each(|_| run.take(ActorId(0), 0).unwrap());
        run.seek(1);
        let trace = trace(&mut run, "T");
        assert_eq!(run.at(), 1);
        let events = trace["traceEvents"].as_array().unwrap();
        let of = |cat: &str| events.iter().filter(|e| e["cat"] == cat).collect::<Vec<_>>();
        let times: Vec<_> = of("step").iter().map(|e| (e["ts"].as_u64(), e["dur"].as_u64())).collect();
        assert_eq!(times, [(Some(0), Some(1)), (Some(1), Some(1)), (Some(2), Some(1))]);
        let holds: Vec<_> = of("hold").iter().map(|e| (e["ph"].as_str().unwrap(), e["ts"].as_u64().unwrap())).collect();
        assert_eq!(holds, [("b", 1), ("e", 3), ("b", 2), ("e", 3)], "the side is held to the end, the range to step 3");
        assert_eq!(of("actor").iter().map(|e| e["dur"].as_u64().unwrap()).sum::<u64>(), 3);
        assert!(events.iter().any(|e| e["name"] == "thread_name" && e["args"]["name"] == "A"));
    }
}
