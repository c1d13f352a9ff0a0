//! Takes the pictures of the README: the real program with scripted agents, in a tmux server of its own.
//!
//! `make pictures`. Writes `assets/*.svg`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use ansi_to_tui::IntoText as _;
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr as _;

const COLUMNS: u16 = 128;
const ROWS: u16 = 32;
/// A file that a task works on, and how it does.
const IMAGES: &str = "use std::path::Path;\n\n/// The bytes of a product's image.\npub fn image(id: u32) -> Vec<u8> {\n    \
                      let path = Path::new(\"images\").join(id.to_string());\n    std::fs::read(path).unwrap()\n}\n\n\
                      pub fn count() -> usize {\n    std::fs::read_dir(\"images\").unwrap().count()\n}\n";
const CACHED: &str = "cat > src/images.rs <<'END'
use std::collections::HashMap;
use std::path::Path;

/// The images that were asked for, by product.
#[derive(Default)]
pub struct Images {
    kept: HashMap<u32, Vec<u8>>,
}

impl Images {
    /// The bytes of a product's image, read once.
    pub fn image(&mut self, id: u32) -> &[u8] {
        self.kept.entry(id).or_insert_with(|| {
            let path = Path::new(\"images\").join(id.to_string());
            std::fs::read(path).unwrap_or_default()
        })
    }
}

pub fn count() -> usize {
    std::fs::read_dir(\"images\").unwrap().count()
}
END
git commit -qam 'Keep the images that were asked for'
printf '# Images\\n\\nEach is read once.\\n' > src/later.md";
/// The cell of the font, in pixels.
const CELL: (f64, f64) = (8.4, 18.0);

type Outcome<T> = Result<T, Box<dyn Error>>;

struct Studio {
    folder: tempfile::TempDir,
    ganger: PathBuf,
}

impl Studio {
    #[expect(clippy::disallowed_methods, reason = "an example starts programs itself")]
    fn run(&self, program: &str, args: &[&str]) -> Outcome<String> {
        let folder = self.folder.path();
        let output = Command::new(program)
            .args(args)
            .current_dir(folder.join("shop"))
            .env("HOME", folder)
            .env("XDG_DATA_HOME", folder.join("data"))
            .env("XDG_STATE_HOME", folder.join("state"))
            .env("XDG_CONFIG_HOME", folder.join("config"))
            .env("TMUX_TMPDIR", folder)
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .env_remove("TMUX")
            .env_remove("NO_COLOR")
            .output()?;
        if !output.status.success() {
            return Err(format!("{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn ganger(&self, args: &[&str]) -> Outcome<String> {
        self.run(&self.ganger.to_string_lossy(), args)
    }

    /// Adds a task and returns its id.
    fn add(&self, title: &str, script: &str, more: &[&str]) -> Outcome<String> {
        let args = [&["add", title, "--prompt", script][..], more].concat();
        Ok(self.ganger(&args)?.trim().to_owned())
    }

    fn keys(&self, keys: &[&str]) -> Outcome<()> {
        self.run("tmux", &[&["-L", "studio", "send-keys", "-t", "=t:"], keys].concat()).map(drop)
    }

    /// Waits until the screen shows something; the screen with its colours.
    fn shows(&self, wanted: &[&str]) -> Outcome<String> {
        let started = Instant::now();
        loop {
            let screen = self.run("tmux", &["-L", "studio", "capture-pane", "-p", "-e", "-t", "=t:"])?;
            if wanted.iter().all(|wanted| screen.contains(wanted)) {
                return Ok(screen);
            }
            if started.elapsed() > Duration::from_secs(30) {
                return Err(format!("the screen never showed {wanted:?}:\n{screen}").into());
            }
        }
    }

    fn picture(&self, name: &str, wanted: &[&str]) -> Outcome<()> {
        let svg = svg(&self.shows(wanted)?)?;
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("assets").join(format!("{name}.svg"));
        fs::write(path, svg)?;
        Ok(())
    }
}

impl Drop for Studio {
    fn drop(&mut self) {
        for server in ["studio", "default"] {
            // One that is not there needs no end.
            self.run("tmux", &["-L", server, "kill-server"]).ok();
        }
    }
}

fn colour(colour: Option<Color>) -> Option<String> {
    const NAMED: [&str; 16] = [
        "#1c1c1c", "#d75f5f", "#87af87", "#d7af5f", "#5f87d7", "#af87d7", "#5fafaf", "#d0d0d0", "#767676", "#ff8787",
        "#afd787", "#ffd787", "#87afff", "#d7afff", "#87d7d7", "#ffffff",
    ];
    let indexed = |index: u8| match index {
        0..16 => NAMED[usize::from(index)].to_owned(),
        16..232 => {
            let level = |value: u8| if value == 0 { 0 } else { 55 + 40 * u32::from(value) };
            let index = index - 16;
            format!("#{:02x}{:02x}{:02x}", level(index / 36), level(index / 6 % 6), level(index % 6))
        }
        232.. => {
            let grey = 8 + 10 * u32::from(index - 232);
            format!("#{grey:02x}{grey:02x}{grey:02x}")
        }
    };
    match colour? {
        Color::Indexed(index) => Some(indexed(index)),
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
        Color::Black => Some(indexed(0)),
        Color::Red => Some(indexed(1)),
        Color::Green => Some(indexed(2)),
        Color::Yellow => Some(indexed(3)),
        Color::Blue => Some(indexed(4)),
        Color::Magenta => Some(indexed(5)),
        Color::Cyan => Some(indexed(6)),
        Color::Gray => Some(indexed(7)),
        Color::DarkGray => Some(indexed(8)),
        Color::LightRed => Some(indexed(9)),
        Color::LightGreen => Some(indexed(10)),
        Color::LightYellow => Some(indexed(11)),
        Color::LightBlue => Some(indexed(12)),
        Color::LightMagenta => Some(indexed(13)),
        Color::LightCyan => Some(indexed(14)),
        Color::White => Some(indexed(15)),
        Color::Reset => None,
    }
}

/// A screen as a drawing: one text element for each word of one style, set to the grid.
fn svg(screen: &str) -> Outcome<String> {
    let text = screen.into_text()?;
    let (width, height) = (f64::from(COLUMNS) * CELL.0 + 24.0, f64::from(ROWS) * CELL.1 + 24.0);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16181d\"/>\n\
         <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"14\" fill=\"#d6d6d6\" \
         xml:space=\"preserve\">\n"
    );
    for (row, line) in text.lines.iter().enumerate() {
        let y = 12.0 + CELL.1 * f64::from(u16::try_from(row)?);
        let mut column = 0;
        for span in &line.spans {
            let cells = span.content.width();
            let x = 12.0 + CELL.0 * f64::from(u16::try_from(column)?);
            let wide = CELL.0 * f64::from(u16::try_from(cells)?);
            column += cells;
            if let Some(fill) = colour(span.style.bg) {
                writeln!(
                    out,
                    "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{}\" fill=\"{fill}\"/>",
                    CELL.1
                )?;
            }
            let fill = colour(span.style.fg).map(|fill| format!(" fill=\"{fill}\"")).unwrap_or_default();
            let bold = if span.style.add_modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
            // Word by word, so that each begins in its cell whatever the font.
            let mut at = x;
            for word in span.content.split_inclusive(' ') {
                let (word, start) = (word.trim_end(), at);
                at += CELL.0 * f64::from(u16::try_from(word.width())?);
                if !word.is_empty() {
                    let word = word.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                    let length = at - start;
                    writeln!(
                        out,
                        "<text x=\"{start:.1}\" y=\"{:.1}\" textLength=\"{length:.1}\" \
                         lengthAdjust=\"spacingAndGlyphs\"{fill}{bold}>{word}</text>",
                        y + 13.5
                    )?;
                }
                at += CELL.0;
            }
        }
    }
    out.push_str("</g>\n</svg>\n");
    Ok(out)
}

const WORKER: &str = r#"
say() { printf "$1\n"; }
say "\033[1m● Read\033[0m migrations/0041_customers.sql"
say "\033[1m● Write\033[0m migrations/0042_orders.sql"
cat > 0042_orders.sql <<'SQL'
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer INTEGER NOT NULL
);
SQL
say "  \033[32m+ CREATE TABLE orders (\033[0m"
say "  \033[32m+     id INTEGER PRIMARY KEY,\033[0m"
say "  \033[32m+     customer INTEGER NOT NULL\033[0m"
say "  \033[32m+ );\033[0m"
say "\033[1m● Bash\033[0m cargo test orders"
say "  running 12 tests"
say "  \033[32mtest result: ok\033[0m. 12 passed"
say ""
say "\033[36m✻ Checking the foreign keys…\033[0m"
while read -r line; do say "\033[2m> $line\033[0m"; done
"#;

fn main() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let ganger = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/release/ganger");
    let studio = Studio { folder, ganger };
    let root = studio.folder.path();
    for below in ["shop", "config/ganger"] {
        fs::create_dir_all(root.join(below))?;
    }
    fs::write(root.join(".gitconfig"), "[user]\nname = t\nemail = t@example.org\n[init]\ndefaultBranch = main\n")?;
    fs::write(root.join("config/ganger/config.toml"), "default_agent = \"shell\"\n[tmux]\ngrace = \"1s\"\n")?;
    fs::write(root.join("shop/README.md"), "A shop.\n")?;
    fs::create_dir_all(root.join("shop/src"))?;
    fs::write(root.join("shop/src/images.rs"), IMAGES)?;
    for args in [&["init", "-q"][..], &["add", "."], &["commit", "-qm", "one"]] {
        studio.run("git", args)?;
    }
    let works = studio.add("Write the migration for orders", WORKER, &[])?;
    let search = studio.add("Speed up the product search", "echo searching; exec sleep 1000", &[])?;
    let cache = studio.add("Cache the product images", CACHED, &[])?;
    let dead = studio.add("Remove the dead code", "echo x > gone.rs", &[])?;
    let parser = studio.add(
        "Upgrade the parser",
        "echo 'error[E0308]: mismatched types'; echo '  --> src/parse.rs:41'; exit 3",
        &[],
    )?;
    let login = studio.add("Fix the login form", "x", &["--priority", "5"])?;
    studio.add("Ship the new checkout", "x", &["--after", &login])?;
    studio.add("Translate the error messages", "x", &[])?;
    studio.ganger(&["dispatch", &works, &search, &cache, &dead, &parser])?;
    studio.ganger(&["wait", &cache, &dead, "--for", "review", "--timeout", "30s"])?;
    studio.ganger(&["wait", &parser, "--for", "failed", "--timeout", "30s"])?;
    studio.ganger(&["approve", &dead])?;
    let conf = root.join("studio.conf");
    fs::write(&conf, "set -g status off\nset -g default-terminal tmux-256color\nset -g escape-time 10\n")?;
    let (columns, rows) = (COLUMNS.to_string(), ROWS.to_string());
    let open = format!("env -u TMUX '{}'; exec sleep 1000", studio.ganger.display());
    let conf = conf.to_string_lossy();
    let start = ["-L", "studio", "-f", &conf, "new-session", "-d", "-s", "t", "-x", &columns, "-y", &rows, "--"];
    studio.run("tmux", &[&start[..], &["sh", "-c", &open]].concat())?;
    studio.shows(&["● watching"])?;
    studio.keys(&["2"])?;
    studio.picture("board", &["Checking the foreign keys", "● watching"])?;
    studio.keys(&["5", "Enter"])?;
    studio.picture("report", &["its last screen", "E0308"])?;
    studio.keys(&["3", "d"])?;
    studio.shows(&["fn image"])?;
    studio.keys(&["/"])?;
    studio.keys(&["-l", "or_insert_with"])?;
    studio.keys(&["Enter"])?;
    studio.shows(&["/or_insert_with", "next"])?;
    studio.keys(&["c"])?;
    studio.keys(&["-l", "What if two ask for it at once?"])?;
    studio.keys(&["Enter"])?;
    studio.shows(&["commented on"])?;
    studio.keys(&["C-c"])?;
    studio.picture("diff", &["src/images.rs", "◆"])?;
    studio.keys(&["q", "n"])?;
    studio.keys(&["-l", "Add a health check"])?;
    studio.keys(&["Tab"])?;
    studio.keys(&["-l", "Answer GET /healthz with 200 and the version."])?;
    studio.picture("form", &["and the version", "ctrl-s"])?;
    Ok(())
}
