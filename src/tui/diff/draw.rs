//! Draws the view: a line about all of it, the files, the rows of one, and the keys.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout as Split, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use unicode_width::UnicodeWidthStr as _;

use super::text::{EMPHASIS, changed, spans};
use super::{Diff, Entry, Item, Progress};
use crate::domain::diff::{File, Part};
use crate::domain::patch::{Patch, Side};
use crate::domain::text;
use crate::tui::find::matches;
use crate::tui::keymap::{Context, Control};
use crate::tui::options::Options;
use crate::tui::paint::{fit, keys};

/// From this width on the list stands beside the file.
const WIDE: u16 = 90;
/// The list is never wider.
const LIST: u16 = 44;

/// Where everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    pub head: Rect,
    pub list: Option<Rect>,
    /// The name of the file, and its rows.
    pub name: Rect,
    pub rows: Rect,
    pub foot: Rect,
}

impl Diff {
    /// Lays the screen out.
    #[must_use]
    pub fn places(&self, (columns, rows): (u16, u16)) -> Places {
        let whole = Rect::new(0, 0, columns, rows);
        let [head, body, foot] =
            Split::vertical([Constraint::Length(1), Constraint::Min(0), Constraint::Length(1)]).areas(whole);
        let (list, file) = if self.listed && columns >= WIDE {
            let width = (columns / 3).min(LIST);
            let [list, _, file] =
                Split::horizontal([Constraint::Length(width), Constraint::Length(1), Constraint::Min(0)]).areas(body);
            (Some(list), file)
        } else {
            (None, body)
        };
        let [name, rows] = Split::vertical([Constraint::Length(1), Constraint::Min(0)]).areas(file);
        Places { head, list, name, rows, foot }
    }

    /// Which of the files is at a row of the list.
    #[must_use]
    pub fn listed_at(&self, list: Rect, row: u16) -> Option<usize> {
        let at = self.list_top(list) + usize::from(row.checked_sub(list.y)?);
        (at < self.shown.len()).then_some(at)
    }

    /// The first file of the list that is on the screen: the one of the cursor stays in the middle.
    fn list_top(&self, list: Rect) -> usize {
        let height = usize::from(list.height);
        let most = self.shown.len().saturating_sub(height);
        self.at.saturating_sub(height / 2).min(most)
    }
}

/// Draws it over the whole screen.
pub fn draw(diff: &Diff, options: &Options, frame: &mut Frame<'_>) {
    let screen = frame.area();
    frame.render_widget(Clear, screen);
    let places = diff.places((screen.width, screen.height));
    let theme = &options.theme;
    frame.render_widget(Paragraph::new(head(diff, options, places.head.width)), places.head);
    if let Some(list) = places.list {
        let top = diff.list_top(list);
        let rows = (top..diff.shown.len()).take(usize::from(list.height));
        let rows: Vec<Line<'_>> = rows.map(|at| listed(diff, options, at, list.width)).collect();
        frame.render_widget(Paragraph::new(rows), list);
        let rule = Rect { x: list.right(), width: 1, ..list };
        let bar = vec![Line::styled(options.sign("│", "|"), theme.border); usize::from(rule.height)];
        frame.render_widget(Paragraph::new(bar), rule);
    }
    match (&diff.progress, diff.entry()) {
        (Progress::Failed(why), _) => {
            frame.render_widget(Line::styled(fit(why, places.name.width), theme.bad), places.name);
        }
        (Progress::Reading, None) => frame.render_widget(Line::styled("reading…", theme.dim), places.name),
        (Progress::Listed, None) => frame.render_widget(Line::styled(nothing(diff.part), theme.dim), places.name),
        (Progress::Reading | Progress::Listed, Some(entry)) => {
            frame.render_widget(named(diff, options, entry, places.name.width), places.name);
            let rows = diff.top..(diff.top + usize::from(places.rows.height)).min(entry.rows());
            let rows: Vec<Line<'_>> = rows.map(|row| self::row(diff, options, entry, row, places.rows.width)).collect();
            frame.render_widget(Paragraph::new(rows), places.rows);
        }
    }
    frame.render_widget(Paragraph::new(foot(diff, options, places.foot.width)), places.foot);
}

const fn nothing(part: Part) -> &'static str {
    match part {
        Part::Whole => "nothing was changed",
        Part::Committed => "nothing is in commits",
        Part::Uncommitted => "everything is in commits",
    }
}

/// Which task, how much, and which part of it.
fn head(diff: &Diff, options: &Options, width: u16) -> Line<'static> {
    let theme = &options.theme;
    let sum = diff.sum();
    let dot = options.sign(" · ", " | ");
    let are = if sum.files == 1 { "file" } else { "files" };
    let since = if diff.since_review { format!("since it was sent back{dot}") } else { String::new() };
    let attempt = diff.subject.as_ref().map(|subject| format!("attempt {}{dot}", subject.number)).unwrap_or_default();
    let mut right = vec![
        Span::styled(since, theme.warn),
        Span::styled(format!("{attempt}{} {are} ", sum.files), theme.dim),
        Span::styled(format!("+{} ", sum.added), theme.added),
        Span::styled(format!("{}{}  ", options.sign("−", "-"), sum.removed), theme.removed),
    ];
    for part in Part::ALL {
        let style = if *part == diff.part { theme.accent } else { theme.dim };
        right.push(Span::styled(format!(" {} ", part.text()), style));
    }
    let taken: usize = right.iter().map(|span| span.content.width()).sum();
    let room = usize::from(width).saturating_sub(taken + 1);
    let title = fit(&format!("#{} {}", diff.task, diff.title), u16::try_from(room).unwrap_or(u16::MAX));
    let gap = " ".repeat((room + 1).saturating_sub(title.width()));
    let mut line = vec![Span::styled(title, theme.title), Span::raw(gap)];
    line.append(&mut right);
    Line::from(line)
}

/// A file of the list: what became of it, whether in commits, its name, and how much.
fn listed(diff: &Diff, options: &Options, at: usize, width: u16) -> Line<'static> {
    let theme = &options.theme;
    let entry = &diff.entries[diff.shown[at]];
    let counts = match entry.file.count {
        None => String::new(),
        Some(count) if count.binary => " binary".to_owned(),
        Some(count) => format!(" +{} {}{}", count.added, options.sign("−", "-"), count.removed),
    };
    let room = usize::from(width).saturating_sub(4 + counts.width());
    let name = tail(&entry.file.path.to_string_lossy(), room);
    let gap = " ".repeat(room.saturating_sub(name.width()));
    let here = at == diff.at;
    let lead = match (here, entry.is_all_seen()) {
        (true, _) => options.sign("▌", ">"),
        (false, true) => options.sign("✓", "v"),
        (false, false) => " ",
    };
    let mut line = Line::from(vec![
        Span::styled(lead.to_owned(), if here { theme.accent } else { theme.good }),
        Span::styled(entry.file.change.letter().to_string(), letter(options, &entry.file)),
        Span::styled(format!("{} ", standing(options, entry)), theme.warn),
        Span::styled(name, if here { theme.title } else { theme.text }),
        Span::styled(format!("{gap}{counts}"), theme.dim),
    ]);
    if here {
        line = line.style(theme.selected);
    }
    line
}

fn letter(options: &Options, file: &File) -> Style {
    match file.change.letter() {
        'A' => options.theme.added,
        'D' => options.theme.removed,
        _ => options.theme.busy,
    }
}

/// A sign for work that is in no commit, and for a file that is only partly in commits.
fn standing(options: &Options, entry: &Entry) -> &'static str {
    match (entry.committed, entry.uncommitted) {
        (true, true) => options.sign("◐", "%"),
        (false, true) => options.sign("●", "*"),
        (true | false, false) => " ",
    }
}

/// The end of a path, where all of it does not fit.
fn tail(path: &str, width: usize) -> String {
    let line = text::line(path);
    if line.width() <= width {
        return line;
    }
    let mut kept = Vec::new();
    let mut used = 1;
    for letter in line.chars().rev() {
        used += unicode_width::UnicodeWidthChar::width(letter).unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(letter);
    }
    std::iter::once('…').chain(kept.into_iter().rev()).take(width).collect()
}

/// The name of the file, and where in it the cursor is.
fn named(diff: &Diff, options: &Options, entry: &Entry, width: u16) -> Line<'static> {
    let theme = &options.theme;
    let word = match (entry.committed, entry.uncommitted) {
        (true, true) => ", partly in commits",
        (false, true) => ", uncommitted",
        (true, false) => ", committed",
        (false, false) => "",
    };
    let state = format!("  {}{word}", entry.file.change.text());
    let place = format!(" file {}/{} ", diff.at + 1, diff.shown.len());
    let room = usize::from(width).saturating_sub(state.width() + place.width());
    let name = tail(&entry.file.path.to_string_lossy(), room);
    let gap = " ".repeat(room.saturating_sub(name.width()));
    Line::from(vec![
        Span::styled(name, theme.title),
        Span::styled(state, theme.dim),
        Span::styled(format!("{gap}{place}"), theme.dim),
    ])
}

fn row(diff: &Diff, options: &Options, entry: &Entry, row: usize, width: u16) -> Line<'static> {
    let theme = &options.theme;
    let line = match (entry.item(row), entry.patch()) {
        (Some(Item::Note(note)), _) => Line::styled(fit(&note, width), theme.dim),
        (Some(Item::Head(hunk)), Some(patch)) => {
            let fold = if entry.is_folded(hunk) { options.sign("▸ ", "> ") } else { "" };
            let head = text::inert(&patch.hunks[hunk].head);
            let seen = if entry.is_seen(hunk) { options.sign("✓ ", "seen ") } else { "" };
            let style = if entry.is_seen(hunk) { theme.dim } else { theme.accent };
            Line::styled(fit(&format!("{fold}{seen}{head}"), width), style)
        }
        (Some(Item::Line(line)), Some(patch)) => code(diff, options, (entry, patch), line, width),
        (Some(Item::More), _) => Line::styled("reading more…", theme.dim),
        (Some(Item::Head(_) | Item::Line(_)) | None, _) => Line::default(),
    };
    // The whole row, also where it is short.
    if row == diff.row || diff.picked().contains(&row) { filled(line, width).style(theme.selected) } else { line }
}

fn filled(mut line: Line<'static>, width: u16) -> Line<'static> {
    let gap = usize::from(width).saturating_sub(line.width());
    line.spans.push(Span::raw(" ".repeat(gap)));
    line
}

/// A line of the file, with its numbers.
fn code(diff: &Diff, options: &Options, (entry, patch): (&Entry, &Patch), at: usize, width: u16) -> Line<'static> {
    let theme = &options.theme;
    let line = &patch.lines[at];
    let style = match line.side {
        Side::Both => theme.text,
        Side::Added => theme.added,
        Side::Removed => theme.removed,
        Side::Remark => theme.dim,
    };
    let number = |number: u32| if number == 0 { String::new() } else { number.to_string() };
    // What has the greatest numbers is last.
    let widest = patch.lines.iter().rev().take(2).map(|line| line.old.max(line.new)).max().unwrap_or(0);
    let digits = widest.to_string().len().max(3);
    let gutter = if width >= 60 {
        format!("{:>digits$} {:>digits$} ", number(line.old), number(line.new))
    } else {
        format!("{:>digits$} ", number(if line.new == 0 { line.old } else { line.new }))
    };
    let room = usize::from(width).saturating_sub(gutter.len() + 1);
    let text = text::inert(patch.text(line));
    let mut marked: Vec<(Range<usize>, Style)> =
        changed(patch, at, &text).into_iter().map(|range| (range, EMPHASIS)).collect();
    if let Some(search) = &diff.search {
        let found = Style::new().add_modifier(Modifier::REVERSED);
        marked.extend(matches(&text, &search.text).into_iter().map(|range| (range, found)));
    }
    let sign = if line.side == Side::Remark { ' ' } else { line.side.sign() };
    let said = line.new > 0 && diff.commented(entry).iter().any(|lines| lines.contains(&line.new));
    let gutter = if said { format!("{}{}", gutter.trim_end(), options.sign("◆", "#")) } else { gutter };
    let mut row =
        vec![Span::styled(gutter, if said { theme.warn } else { theme.dim }), Span::styled(sign.to_string(), style)];
    row.extend(spans(&text, style, &marked, (diff.left, room)));
    Line::from(row)
}

/// The keys; or what is searched.
fn foot(diff: &Diff, options: &Options, width: u16) -> Line<'static> {
    let theme = &options.theme;
    let key = |control: Control| options.keymap.over(Context::Diff, control).to_owned();
    if let Some(search) = &diff.search {
        let state = match (search.looking, search.missing) {
            (true, _) => "looking…".to_owned(),
            (_, true) => "is nowhere".to_owned(),
            _ => format!("{} next  {} previous", key(Control::NextMatch), key(Control::PreviousMatch)),
        };
        let style = if search.missing { theme.warn } else { theme.dim };
        return Line::styled(fit(&format!(" /{}  {state}", search.text), width), style);
    }
    let shown = [
        (Control::Close, "back"),
        (Control::NextFile, "next file"),
        (Control::NextHunk, "next hunk"),
        (Control::Comment, "comment"),
        (Control::MarkHunk, "seen"),
        (Control::Part, "committed/uncommitted"),
        (Control::Search, "search"),
        (Control::Fold, "fold"),
        (Control::Help, "help"),
    ];
    let named: Vec<(String, &str)> = shown.iter().map(|(control, what)| (key(*control), *what)).collect();
    let row = keys(options, width, named.iter().map(|(key, what)| (key.as_str(), *what)));
    let owned = |span: Span<'_>| Span::styled(span.content.into_owned(), span.style);
    Line::from(std::iter::once(Span::raw(" ")).chain(row.into_iter().map(owned)).collect::<Vec<_>>())
}
