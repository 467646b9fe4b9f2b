//! Figures, each with its limit and what is aimed at, as one table.

use tidemark::say;

/// What is aimed at.
#[derive(Debug, Clone, Copy)]
pub enum Aim {
    /// A ratio to the limit of at least this.
    RatioAtLeast(f64),
    /// A ratio to the limit of at most this.
    RatioAtMost(f64),
    /// Less than this, in the figure's unit.
    Below(f64),
    /// Nothing.
    Nothing,
}

/// One figure at one size. Ours and limit are in `unit`.
pub struct Figure {
    /// What is measured.
    pub name: &'static str,
    /// Instruments.
    pub size: usize,
    /// What was measured.
    pub ours: f64,
    /// What the limit is; none where there is none.
    pub limit: Option<f64>,
    /// Unit of both.
    pub unit: &'static str,
    /// What is aimed at.
    pub aim: Aim,
    /// What else is to be said.
    pub note: String,
}

impl Figure {
    fn ratio(&self) -> Option<f64> {
        self.limit.map(|limit| self.ours / limit)
    }

    fn is_met(&self) -> Option<bool> {
        match self.aim {
            Aim::RatioAtLeast(aim) => Some(self.ratio()? >= aim),
            Aim::RatioAtMost(aim) => Some(self.ratio()? <= aim),
            Aim::Below(aim) => Some(self.ours < aim),
            Aim::Nothing => None,
        }
    }

    fn number(&self, value: f64) -> String {
        let text = if value >= 100.0 { say::count(value.round() as u64) } else { format!("{value:.1}") };
        format!("{text} {}", self.unit)
    }

    fn cells(&self) -> Vec<String> {
        let aim = match self.aim {
            Aim::RatioAtLeast(aim) => format!(">= {aim}"),
            Aim::RatioAtMost(aim) => format!("<= {aim}"),
            Aim::Below(aim) => format!("< {}", self.number(aim)),
            Aim::Nothing => String::new(),
        };
        vec![
            self.name.into(),
            say::count(self.size as u64),
            self.number(self.ours),
            self.limit.map_or(String::new(), |limit| self.number(limit)),
            self.ratio().map_or(String::new(), |ratio| format!("{ratio:.2}")),
            aim,
            self.is_met().map_or("", |met| if met { "yes" } else { "NO" }).into(),
            self.note.clone(),
        ]
    }
}

/// All figures.
#[derive(Default)]
pub struct Report {
    /// What they were measured on.
    pub machine: String,
    figures: Vec<Figure>,
}

impl Report {
    /// Takes a figure, and says it on standard error at once.
    pub fn take(&mut self, figure: Figure) {
        let cells: Vec<String> = figure.cells().into_iter().filter(|cell| !cell.is_empty()).collect();
        eprintln!("  {}", cells.join("  "));
        self.figures.push(figure);
    }

    /// Takes a program's peak memory, and the most that it is to be.
    pub fn memory(&mut self, name: &'static str, size: usize, peak_mb: f64, most_mb: f64) {
        self.take(Figure {
            name,
            size,
            ours: peak_mb,
            limit: None,
            unit: "MB",
            aim: Aim::Below(most_mb),
            note: String::new(),
        });
    }

    /// The table: the sizes of one figure under each other, so that growth shows.
    pub fn table(&self) -> String {
        let mut names: Vec<&str> = Vec::new();
        for figure in &self.figures {
            if !names.contains(&figure.name) {
                names.push(figure.name);
            }
        }
        let header = ["figure", "size", "ours", "limit", "ratio", "aim", "met", "note"];
        let right = [false, true, true, true, true, true, false, false];
        let rows = names
            .iter()
            .flat_map(|name| self.figures.iter().filter(move |figure| figure.name == *name))
            .map(Figure::cells);
        say::table(&header, &right, rows.collect())
    }
}

/// The middle one of `values`; of an even number, the mean of the middle two.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}
