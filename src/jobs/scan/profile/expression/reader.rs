//! From text to SQL's syntax tree, with the place of every fault.

use sqlparser::ast::Expr as Sql;
use sqlparser::dialect::GenericDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use super::super::known::Known;
use super::compile::Compiler;
use super::{Expression, ExpressionError, Fault};

/// Most bytes of an expression.
const MOST_BYTES: usize = 20_000;
/// Most words and signs, not counting texts and commas: a list of tickers may be long, a calculation may not.
const MOST_TOKENS: usize = 600;

const DIALECT: GenericDialect = GenericDialect {};

/// Reads expressions one after the other from a text, where a list may hold several.
pub(in super::super) struct Reader<'a> {
    text: &'a str,
    known: &'a [Known],
    parser: Parser<'a>,
}

impl<'a> Reader<'a> {
    pub(in super::super) fn new(text: &'a str, known: &'a [Known]) -> Result<Self, ExpressionError> {
        let fail = |fault| ExpressionError { text: text.to_owned(), place: None, fault: Box::new(fault) };
        if text.trim().is_empty() {
            return Err(fail(Fault::Empty));
        }
        if text.len() > MOST_BYTES {
            return Err(fail(Fault::TooLarge));
        }
        let tokens = Tokenizer::new(&DIALECT, text).tokenize_with_location().map_err(|error| {
            let place = Some(position(error.location)).filter(|&(line, _)| line > 0);
            let fault = Box::new(Fault::Syntax(own_words(&error.message)));
            ExpressionError { text: text.to_owned(), place, fault }
        })?;
        let counts = |token: &&TokenWithSpan| {
            !matches!(token.token, Token::Whitespace(_) | Token::Comma | Token::SingleQuotedString(_))
        };
        if tokens.iter().filter(counts).count() > MOST_TOKENS {
            return Err(fail(Fault::TooLarge));
        }
        Ok(Self { text, known, parser: Parser::new(&DIALECT).with_tokens_with_locations(tokens) })
    }

    /// The next expression.
    pub(in super::super) fn expression(&mut self) -> Result<Expression, ExpressionError> {
        let sql: Sql = self.parser.parse_expr().map_err(|error| self.syntax(error))?;
        Compiler::new(self.text, self.known).expression(&sql)
    }

    /// The name after `AS`, if there is one.
    pub(in super::super) fn alias(&mut self) -> Result<Option<String>, ExpressionError> {
        if !self.parser.parse_keyword(Keyword::AS) {
            return Ok(None);
        }
        let name = self.parser.parse_identifier().map_err(|error| self.syntax(error))?;
        Ok(Some(name.value))
    }

    /// Whether `DESC` follows; `ASC` may.
    pub(in super::super) fn descending(&mut self) -> bool {
        !self.parser.parse_keyword(Keyword::ASC) && self.parser.parse_keyword(Keyword::DESC)
    }

    /// Whether a comma and another expression follow; else the text must end.
    pub(in super::super) fn more(&mut self) -> Result<bool, ExpressionError> {
        if self.parser.consume_token(&Token::Comma) {
            return Ok(true);
        }
        self.end().map(|()| false)
    }

    /// Refuses whatever follows.
    pub(in super::super) fn end(&mut self) -> Result<(), ExpressionError> {
        let next = self.parser.peek_token();
        if next.token == Token::EOF {
            return Ok(());
        }
        Err(self.fail(position(next.span.start), Fault::Trailing(next.token.to_string())))
    }

    /// A fault at a place of the text.
    pub(in super::super) fn fail(&self, place: (usize, usize), fault: Fault) -> ExpressionError {
        ExpressionError {
            text: self.text.to_owned(),
            place: Some(place).filter(|&(line, _)| line > 0),
            fault: Box::new(fault),
        }
    }

    fn syntax(&self, error: ParserError) -> ExpressionError {
        let (ParserError::ParserError(message) | ParserError::TokenizerError(message)) = error else {
            return self.fail((0, 0), Fault::TooLarge);
        };
        let (words, place) = match message.rsplit_once(" at Line: ") {
            Some((words, place)) => (words, place.split_once(", Column: ")),
            None => (message.as_str(), None),
        };
        let number = |text: &str| text.parse().unwrap_or(0);
        let place = place.map_or((0, 0), |(line, column)| (number(line), number(column)));
        self.fail(place, Fault::Syntax(own_words(words)))
    }
}

/// Line and character from 1; line 0 where the parser does not know.
pub(super) fn position(location: Location) -> (usize, usize) {
    (location.line as usize, location.column as usize)
}

/// The parser's message as a fact of ours.
fn own_words(message: &str) -> String {
    let message =
        message.replace("Expected: ", "expected ").replace(", found: ", ", found ").replace("EOF", "the end");
    let mut characters = message.chars();
    let first = characters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
    super::error::short(&(first + characters.as_str()))
}
