//! The agents of the soak: shell scripts that behave in every way that an agent may.
//!
//! What they write is known: `w FILE` appends a line to a file of the worktree and, only once that has succeeded, the
//! same line to a ledger outside of it. Whatever is in the ledger was written, and must be found later.

/// A line may follow one that was cut off, by a full disk say: so it brings its own beginning.
const PRELUDE: &str = "n=0\n\
    w() { n=$((n+1)); line=\"@$GANGER_TASK $GANGER_ATTEMPT $$ $n@\"; printf '\\n%s\\n' \"$line\" >> \"$1\" \
    && printf '%s\\n' \"$line\" >> \"$WORLD/ledger/$GANGER_TASK\"; }\n\
    [ -e \"$WORLD/calm\" ] && { w untracked; exec \"$GANGER_BIN\" done; }\n";

const WAYS: [&str; 14] = [
    "w a.txt; git commit -qam work; w a.txt; git commit -qam more",
    "w staged; git add staged; w staged; w untracked; exit 3",
    "w untracked; \"$GANGER_BIN\" done; sleep LONG; w untracked",
    "w ignored.log; \"$GANGER_BIN\" fail 'it is no use'; sleep SHORT; w ignored.log",
    "w untracked; \"$GANGER_BIN\" ask 'and now?'; sleep LONG; w ignored.log; exit 0",
    "w untracked; \"$GANGER_BIN\" note 'so far, so good'; sleep SHORT; \"$GANGER_BIN\" done",
    "trap '' HUP TERM; w untracked; for i in 1 2 3 4 5 6; do sleep SHORT; w untracked; done",
    "w untracked; setsid sh -c 'sleep LONG; echo late > late' & sleep SHORT; w untracked",
    "(cd / && exec setsid sleep LONG) & w ignored.log; exit 0",
    "sleep SHORT",
    "while :; do w untracked; w ignored.log; sleep SHORT; done",
    "w untracked; kill -SEGV $$; sleep LONG",
    "w untracked; sleep SHORT; [ -e \"$WORLD/storm\" ] && kill -KILL $PPID; sleep LONG",
    "git checkout -q --detach; w a.txt; git commit -qam detached; sleep SHORT; w a.txt; exit 0",
];

/// A script, and what is to verify its work.
pub fn script(random: &mut fastrand::Rng) -> (String, Option<&'static str>) {
    let way = WAYS[random.usize(..WAYS.len())];
    let short = format!("0.{:02}", random.u32(5..40));
    let long = format!("{}.{}", random.u32(0..3), random.u32(1..9));
    let verify = [None, None, None, Some("test -e a.txt"), Some("sleep 0.5; test -e staged")];
    let script = format!("{PRELUDE}{}", way.replace("SHORT", &short).replace("LONG", &long));
    (script, verify[random.usize(..verify.len())])
}
