//! The table itself: what each key means, in each context.

/// What a key, a click or a line of the palette means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Intent {
    Left,
    Down,
    Up,
    Right,
    Top,
    Bottom,
    PageUp,
    PageDown,
    Ready,
    InProgress,
    Review,
    Done,
    Failed,
    New,
    Compose,
    Edit,
    Duplicate,
    Start,
    StartAll,
    WorkOff,
    StartLost,
    Mark,
    Open,
    View,
    Zoom,
    Tab,
    ScrollUp,
    ScrollDown,
    ScrollLeft,
    ScrollRight,
    Type,
    Diff,
    Approve,
    Merge,
    Pull,
    PullFeedback,
    Trash,
    Tidy,
    Bounce,
    Retry,
    Stop,
    Shell,
    NextAttention,
    PreviousAttention,
    Timeline,
    Remove,
    Undo,
    Reconcile,
    Filter,
    NextMatch,
    PreviousMatch,
    Arrange,
    Find,
    NextFound,
    PreviousFound,
    Clear,
    Chart,
    Palette,
    Help,
    Suspend,
    Quit,
    /// Something that is done to a task at once.
    Simple(Simple),
    /// Something within what lies over the board.
    Over(Control),
}

/// An act on a task that asks nothing first. What it is: `tui::simple`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Simple {
    Reopen,
    Archive,
    Unarchive,
}

/// What a key means within what lies over the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Control {
    Close,
    Up,
    Down,
    PageUp,
    PageDown,
    Choose,
    Yes,
    No,
    Resume,
    Fresh,
    WithNote,
    WithChanges,
    Verify,
    Sort,
    Group,
    Archived,
    Everywhere,
    Save,
    SaveAndStart,
    Editor,
    Next,
    Previous,
    Send,
    NewLine,
    Interrupt,
    Top,
    Bottom,
    Left,
    Right,
    /// A whole screen further.
    Page,
    NextFile,
    PreviousFile,
    NextHunk,
    PreviousHunk,
    Fold,
    FoldAll,
    /// The list of files, shown or not.
    Files,
    /// All of the work, or what is in commits, or what is not.
    Part,
    Search,
    NextMatch,
    PreviousMatch,
    Comment,
    /// All comments.
    Comments,
    /// Lines, from here on.
    Pick,
    /// The hunk, or the file, was seen.
    MarkHunk,
    MarkFile,
    /// Only what has changed since it was sent back.
    SinceReview,
    Viewer,
    Drop,
    Handled,
    Help,
}

/// Where a row of the table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    Board,
    /// The board while it is filtered: such a row goes before those of the board.
    Filtered,
    /// The board while the pane has the whole screen: such a row goes before those of the board.
    Zoomed,
    /// Whatever lies over the board, after its own rows.
    Over,
    Help,
    Arrange,
    Comments,
    Trash,
    /// What the work on a task has changed, over the whole screen.
    Diff,
    /// A list or a text to move in.
    Menu,
    Retry,
    Question,
    Palette,
    /// The form of a task, in any of its fields.
    Form,
    /// A field of one line.
    Line,
    /// A field that is one of several words.
    Choice,
    /// A line for the agent.
    Type,
    /// Feedback, or a note for a retry.
    Note,
    Filter,
}

impl Context {
    /// All of them, in the order of the help.
    pub const ALL: [Self; 19] = [
        Self::Board,
        Self::Filtered,
        Self::Zoomed,
        Self::Diff,
        Self::Over,
        Self::Question,
        Self::Menu,
        Self::Help,
        Self::Retry,
        Self::Arrange,
        Self::Comments,
        Self::Trash,
        Self::Palette,
        Self::Filter,
        Self::Type,
        Self::Note,
        Self::Form,
        Self::Line,
        Self::Choice,
    ];

    /// Its heading in help and README.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Board => "On the board",
            Self::Filtered => "On the board while it is filtered",
            Self::Zoomed => "While the pane has the whole screen",
            Self::Diff => "In the diff of a task",
            Self::Over => "In everything that opens over the board",
            Self::Question => "In a question",
            Self::Menu => "In a list",
            Self::Help => "In the help",
            Self::Retry => "In the choice of a retry",
            Self::Arrange => "While the board is arranged",
            Self::Comments => "In the comments on a task",
            Self::Trash => "In the trash",
            Self::Palette => "In the command palette",
            Self::Filter => "While a filter or a search is typed",
            Self::Type => "In a line for the agent",
            Self::Note => "In feedback or a note",
            Self::Form => "In the form of a task",
            Self::Line => "In a field of one line",
            Self::Choice => "In a field with choices",
        }
    }

    /// Whether characters are typed there: a key that types one means nothing else then.
    #[must_use]
    pub const fn is_typed(self) -> bool {
        match self {
            Self::Palette | Self::Form | Self::Line | Self::Type | Self::Note | Self::Filter => true,
            Self::Board
            | Self::Filtered
            | Self::Zoomed
            | Self::Diff
            | Self::Over
            | Self::Help
            | Self::Arrange
            | Self::Comments
            | Self::Trash
            | Self::Menu
            | Self::Retry
            | Self::Question
            | Self::Choice => false,
        }
    }

    /// Whether its rows are acts of the board.
    #[must_use]
    pub const fn is_board(self) -> bool {
        matches!(self, Self::Board | Self::Filtered | Self::Zoomed)
    }

    /// Whether a key can be asked for in both at once, so that one given to a row of this is taken from the other.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        let board = Self::is_board;
        let form = |context| matches!(context, Self::Form | Self::Line | Self::Choice);
        let menu = |context| {
            matches!(context, Self::Menu | Self::Help | Self::Retry | Self::Arrange | Self::Comments | Self::Trash)
        };
        let pair = |of: &dyn Fn(Self) -> bool| of(self) && of(other);
        // Of these one is open at a time.
        let field = |context| matches!(context, Self::Line | Self::Choice);
        let list = |context| matches!(context, Self::Help | Self::Retry | Self::Arrange | Self::Comments | Self::Trash);
        let apart = self != other && (pair(&field) || pair(&list));
        let over = |one: Self, other: Self| one == Self::Over && !board(other);
        self == other
            || over(self, other)
            || over(other, self)
            || (!apart && (pair(&board) || pair(&form) || pair(&menu)))
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    pub context: Context,
    pub intent: Intent,
    /// Its name in the configuration's `[keys]`, and in the palette if it is one of the board's.
    pub name: &'static str,
    /// As in the configuration: `g`, `G`, `ctrl-u`, `space`, `enter`.
    pub keys: &'static [&'static str],
    pub what: &'static str,
}

impl Binding {
    /// Whether it is an act of the board, which the palette can do.
    #[must_use]
    pub const fn is_on_board(&self) -> bool {
        self.context.is_board()
    }
}

type Keys = &'static [&'static str];

const fn row(intent: Intent, name: &'static str, keys: Keys, what: &'static str) -> Binding {
    Binding { context: Context::Board, intent, name, keys, what }
}

const fn filtered(intent: Intent, name: &'static str, keys: Keys, what: &'static str) -> Binding {
    Binding { context: Context::Filtered, intent, name, keys, what }
}

const fn zoomed(intent: Intent, name: &'static str, keys: Keys, what: &'static str) -> Binding {
    Binding { context: Context::Zoomed, intent, name, keys, what }
}

const fn over(context: Context, control: Control, name: &'static str, keys: Keys, what: &'static str) -> Binding {
    Binding { context, intent: Intent::Over(control), name, keys, what }
}

/// Every binding, in the order of the help.
#[rustfmt::skip]
pub const BINDINGS: &[Binding] = &[
    row(Intent::Left, "left", &["h", "left"], "column to the left"),
    row(Intent::Down, "down", &["j", "down"], "next task"),
    row(Intent::Up, "up", &["k", "up"], "previous task"),
    row(Intent::Right, "right", &["l", "right"], "column to the right"),
    row(Intent::Top, "top", &["g", "home"], "first task of the column"),
    row(Intent::Bottom, "bottom", &["G", "end"], "last task of the column"),
    row(Intent::PageUp, "page-up", &["ctrl-u", "pageup"], "half a page up"),
    row(Intent::PageDown, "page-down", &["ctrl-d", "pagedown"], "half a page down"),
    row(Intent::Ready, "ready", &["1"], "go to Ready"),
    row(Intent::InProgress, "in-progress", &["2"], "go to In progress"),
    row(Intent::Review, "review", &["3"], "go to Review"),
    row(Intent::Done, "done", &["4"], "go to Done"),
    row(Intent::Failed, "failed", &["5"], "go to Failed"),
    row(Intent::New, "new", &["n", "o"], "new task"),
    row(Intent::Compose, "compose", &["N"], "new task, prompt written in $EDITOR"),
    row(Intent::Edit, "edit", &["e"], "edit the task"),
    row(Intent::Duplicate, "duplicate", &["c"], "new task with what this one says"),
    row(Intent::Start, "dispatch", &["s"], "start the task, or the marked ones"),
    row(Intent::StartAll, "dispatch-all", &["S"], "start all that fit"),
    row(Intent::WorkOff, "work-off", &["Q"], "work the queue off, or stop doing so"),
    row(Intent::StartLost, "dispatch-lost", &["A"], "start again all that lost their agent"),
    row(Intent::Mark, "mark", &["space"], "mark for an action on several"),
    row(Intent::Open, "open", &["enter"], "details, attach, or failure report"),
    row(Intent::View, "view", &["p"], "show or hide the detail pane"),
    row(Intent::Zoom, "zoom", &["f"], "the pane on the whole screen, and back"),
    row(Intent::Tab, "tab", &["tab"], "next tab of the detail pane"),
    row(Intent::ScrollUp, "scroll-up", &["K", "shift-up"], "scroll the detail pane up"),
    row(Intent::ScrollDown, "scroll-down", &["J", "shift-down"], "scroll the detail pane down"),
    row(Intent::ScrollLeft, "scroll-left", &["<", "shift-left"], "move the pane's long lines back"),
    row(Intent::ScrollRight, "scroll-right", &[">", "shift-right"], "see more of the pane's long lines"),
    row(Intent::Type, "type", &["i"], "type a line to the agent"),
    row(Intent::Diff, "diff", &["d"], "review what its work has changed"),
    row(Intent::Approve, "approve", &["v"], "approve"),
    row(Intent::Merge, "merge", &["M"], "merge its work, after a preview"),
    row(Intent::Pull, "pull-request", &["P"], "open a pull request, or bring it up to date"),
    row(Intent::Bounce, "bounce", &["b"], "send it back with feedback"),
    row(Intent::PullFeedback, "bounce-pull-request", &["B"], "send it back with its PR's remarks"),
    row(Intent::Simple(Simple::Reopen), "reopen", &["V"], "back from Done to Review"),
    row(Intent::Retry, "retry", &["r"], "retry: resume, fresh, with a note"),
    row(Intent::Stop, "stop", &["x"], "stop the agent"),
    row(Intent::Shell, "shell", &["t"], "shell in the worktree"),
    row(Intent::NextAttention, "next-attention", &["w"], "next task that needs me"),
    row(Intent::PreviousAttention, "previous-attention", &["W"], "previous task that needs me"),
    row(Intent::Timeline, "timeline", &["L"], "timeline and saved screen"),
    row(Intent::Remove, "remove", &["D"], "remove, its work parked"),
    row(Intent::Simple(Simple::Archive), "archive", &["z"], "archive"),
    row(Intent::Simple(Simple::Unarchive), "unarchive", &["Z"], "put an archived task on the board again"),
    row(Intent::Trash, "trash", &["X"], "the trash: give back, delete for good"),
    row(Intent::Tidy, "tidy", &["Y"], "put away what is done and merged"),
    row(Intent::Undo, "undo", &["u"], "undo the last approve, archive or remove"),
    row(Intent::Reconcile, "reconcile", &["R"], "reconcile now"),
    row(Intent::Filter, "filter", &["/"], "filter"),
    row(Intent::Arrange, "arrange", &["O"], "sort, group, archived, every repository"),
    row(Intent::Clear, "clear", &["esc"], "clear filter, marks and message"),
    row(Intent::Chart, "chart", &["T"], "attempts over time"),
    row(Intent::Palette, "palette", &[":", "ctrl-p"], "command palette"),
    row(Intent::Help, "help", &["?"], "help"),
    row(Intent::Suspend, "suspend", &["ctrl-z"], "suspend, whatever is open; fg comes back"),
    row(Intent::Quit, "quit", &["q", "ctrl-c"], "quit; the agents keep running"),
    filtered(Intent::NextMatch, "next-match", &["n"], "next match in any column"),
    filtered(Intent::PreviousMatch, "previous-match", &["N"], "previous match"),
    zoomed(Intent::Find, "find", &["/"], "search in the pane"),
    zoomed(Intent::NextFound, "find-next", &["n"], "next place that was searched for"),
    zoomed(Intent::PreviousFound, "find-previous", &["N"], "previous place"),
    over(Context::Diff, Control::Down, "diff-down", &["j", "down"], "one line down"),
    over(Context::Diff, Control::Up, "diff-up", &["k", "up"], "one line up"),
    over(Context::Diff, Control::PageDown, "diff-page-down", &["ctrl-d"], "half a screen down"),
    over(Context::Diff, Control::PageUp, "diff-page-up", &["ctrl-u", "pageup"], "half a screen up"),
    over(Context::Diff, Control::Page, "diff-page", &["space", "pagedown"], "a screen further, then the next file"),
    over(Context::Diff, Control::Top, "diff-top", &["g", "home"], "first line of the file"),
    over(Context::Diff, Control::Bottom, "diff-bottom", &["G", "end"], "last line of the file"),
    over(Context::Diff, Control::Left, "diff-left", &["h", "left"], "scroll to the left"),
    over(Context::Diff, Control::Right, "diff-right", &["l", "right"], "scroll to the right"),
    over(Context::Diff, Control::NextFile, "diff-next-file", &["}", "J"], "next file"),
    over(Context::Diff, Control::PreviousFile, "diff-previous-file", &["{", "K"], "previous file"),
    over(Context::Diff, Control::NextHunk, "diff-next-hunk", &["]"], "next hunk"),
    over(Context::Diff, Control::PreviousHunk, "diff-previous-hunk", &["["], "previous hunk"),
    over(Context::Diff, Control::Fold, "diff-fold", &["z"], "fold the hunk, or unfold it"),
    over(Context::Diff, Control::FoldAll, "diff-fold-all", &["Z"], "fold all hunks of the file, or unfold them"),
    over(Context::Diff, Control::Files, "diff-files", &["f"], "show or hide the list of files"),
    over(Context::Diff, Control::Part, "diff-part", &["tab"], "all work, committed, or uncommitted"),
    over(Context::Diff, Control::Search, "diff-search", &["/"], "search in all files"),
    over(Context::Diff, Control::NextMatch, "diff-next-match", &["n"], "next match"),
    over(Context::Diff, Control::PreviousMatch, "diff-previous-match", &["N"], "previous match"),
    over(Context::Diff, Control::Comment, "diff-comment", &["c"], "comment on the line, for the feedback"),
    over(Context::Diff, Control::Pick, "diff-pick", &["v"], "pick lines to comment on, from here to there"),
    over(Context::Diff, Control::Comments, "diff-comments", &["C"], "all comments: edit, delete, go there"),
    over(Context::Diff, Control::MarkHunk, "diff-seen", &["m"], "mark the hunk as seen, and go on"),
    over(Context::Diff, Control::MarkFile, "diff-file-seen", &["M"], "mark the file as seen, and go on"),
    over(Context::Diff, Control::SinceReview, "diff-since-review", &["r"], "what has changed since it was sent back"),
    over(Context::Diff, Control::Viewer, "diff-viewer", &["e"], "your own viewer; what it prints is feedback"),
    over(Context::Diff, Control::Help, "diff-help", &["?"], "help"),
    over(Context::Diff, Control::Close, "diff-close", &["q"], "back to the board"),
    over(Context::Over, Control::Close, "close", &["esc", "ctrl-c"], "close it, and change nothing"),
    over(Context::Question, Control::Yes, "yes", &["y", "Y", "enter"], "yes"),
    over(Context::Question, Control::No, "no", &["n", "N", "q"], "no"),
    over(Context::Menu, Control::Down, "menu-down", &["j", "down"], "one row down"),
    over(Context::Menu, Control::Up, "menu-up", &["k", "up"], "one row up"),
    over(Context::Menu, Control::Choose, "menu-choose", &["enter"], "choose the row"),
    over(Context::Menu, Control::Close, "menu-close", &["q"], "close it"),
    over(Context::Help, Control::PageDown, "help-page-down", &["space", "pagedown"], "ten rows down"),
    over(Context::Help, Control::PageUp, "help-page-up", &["pageup"], "ten rows up"),
    over(Context::Retry, Control::Resume, "retry-resume", &["r"], "resume: go on in the same worktree"),
    over(Context::Retry, Control::Fresh, "retry-fresh", &["f"], "fresh: a new worktree, the old one is parked"),
    over(Context::Retry, Control::WithNote, "retry-note", &["n"], "with a note for the agent"),
    over(Context::Retry, Control::WithChanges, "retry-edit", &["e"], "with another agent or prompt: in the form"),
    over(Context::Retry, Control::Verify, "retry-verify", &["v"], "verify again: without an agent"),
    over(Context::Arrange, Control::Sort, "arrange-sort", &["s"], "sort by"),
    over(Context::Arrange, Control::Group, "arrange-group", &["g"], "group by"),
    over(Context::Arrange, Control::Archived, "arrange-archived", &["z"], "archived tasks"),
    over(Context::Arrange, Control::Everywhere, "arrange-everywhere", &["r"], "repositories"),
    over(Context::Comments, Control::WithChanges, "comments-edit", &["e"], "edit a draft"),
    over(Context::Comments, Control::Drop, "comments-delete", &["x"], "delete a draft"),
    over(Context::Comments, Control::Handled, "comments-handled", &["h"], "what was asked for is done"),
    over(Context::Trash, Control::Drop, "trash-delete", &["x"], "delete it for good, after a question"),
    over(Context::Palette, Control::Down, "palette-down", &["down", "tab", "ctrl-n"], "next command"),
    over(Context::Palette, Control::Up, "palette-up", &["up", "shift-tab", "ctrl-p"], "previous command"),
    over(Context::Palette, Control::Choose, "palette-run", &["enter"], "run the command"),
    over(Context::Filter, Control::Choose, "filter-keep", &["enter"], "keep the filter, or search"),
    over(Context::Type, Control::Send, "type-send", &["enter"], "send it"),
    over(Context::Type, Control::NewLine, "type-newline", &["alt-enter"], "new line"),
    over(Context::Type, Control::Interrupt, "type-interrupt", &["ctrl-c"], "interrupt the agent"),
    over(Context::Note, Control::Send, "note-send", &["enter"], "retry, or send back, with it"),
    over(Context::Note, Control::NewLine, "note-newline", &["alt-enter"], "new line"),
    over(Context::Form, Control::Save, "form-save", &["ctrl-s"], "save"),
    over(Context::Form, Control::SaveAndStart, "form-start", &["ctrl-r"], "save and start"),
    over(Context::Form, Control::Editor, "form-editor", &["ctrl-e"], "write the prompt in $EDITOR"),
    over(Context::Form, Control::Next, "form-next", &["tab"], "next field"),
    over(Context::Form, Control::Previous, "form-previous", &["shift-tab"], "previous field"),
    over(Context::Line, Control::Next, "line-next", &["down", "enter"], "next field"),
    over(Context::Line, Control::Previous, "line-previous", &["up"], "previous field"),
    over(Context::Choice, Control::Down, "choice-next", &["down", "right", "space"], "next choice"),
    over(Context::Choice, Control::Up, "choice-previous", &["up", "left"], "previous choice"),
];

/// The names of the bindings, in the table's order.
pub const NAMES: [&str; BINDINGS.len()] = {
    let mut names = [""; BINDINGS.len()];
    let mut row = 0;
    while row < BINDINGS.len() {
        names[row] = BINDINGS[row].name;
        row += 1;
    }
    names
};

/// The row with this name in the configuration.
#[must_use]
pub fn named(name: &str) -> Option<&'static Binding> {
    BINDINGS.iter().find(|binding| binding.name == name)
}

/// The row of an intent of the board.
#[must_use]
pub fn binding(intent: Intent) -> &'static Binding {
    // Every intent has a row: a test holds the table to it.
    BINDINGS.iter().find(|binding| binding.intent == intent).unwrap_or(&BINDINGS[0])
}

/// The rows of a context.
pub fn rows(context: Context) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |binding| binding.context == context)
}
