//! The tokens of a label selector.

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A key, a value, or one of the words `in` and `notin`.
    Word(&'a str),
    Open,
    Close,
    Comma,
    Not,
    Equals,
    DoubleEquals,
    NotEquals,
    Greater,
    Less,
    End,
}

impl<'a> Token<'a> {
    /// The token as messages show it.
    pub(super) fn text(self) -> &'a str {
        match self {
            Self::Word(word) => word,
            Self::Open => "(",
            Self::Close => ")",
            Self::Comma => ",",
            Self::Not => "!",
            Self::Equals => "=",
            Self::DoubleEquals => "==",
            Self::NotEquals => "!=",
            Self::Greater => ">",
            Self::Less => "<",
            Self::End => "",
        }
    }
}

/// Reads tokens one by one, one ahead.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    rest: &'a str,
    next: Token<'a>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut lexer = Self {
            rest: text,
            next: Token::End,
        };
        lexer.advance();
        lexer
    }

    /// The token that comes next.
    pub(super) fn peek(&self) -> Token<'a> {
        self.next
    }

    /// Takes the token that comes next; after the last it is always the end.
    pub(super) fn take(&mut self) -> Token<'a> {
        let token = self.next;
        self.advance();
        token
    }

    fn advance(&mut self) {
        let text = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let (token, length) = first(text);
        self.rest = text.get(length..).unwrap_or_default();
        self.next = token;
    }
}

fn first(text: &str) -> (Token<'_>, usize) {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.get(1)) {
        (None, _) => (Token::End, 0),
        (Some(b'='), Some(b'=')) => (Token::DoubleEquals, 2),
        (Some(b'!'), Some(b'=')) => (Token::NotEquals, 2),
        (Some(b'='), _) => (Token::Equals, 1),
        (Some(b'!'), _) => (Token::Not, 1),
        (Some(b'('), _) => (Token::Open, 1),
        (Some(b')'), _) => (Token::Close, 1),
        (Some(b','), _) => (Token::Comma, 1),
        (Some(b'>'), _) => (Token::Greater, 1),
        (Some(b'<'), _) => (Token::Less, 1),
        _ => {
            let special = ['=', '!', '(', ')', ',', '>', '<', ' ', '\t', '\r', '\n'];
            let length = text.find(special).unwrap_or(text.len());
            (Token::Word(&text[..length]), length)
        }
    }
}
