//! The import rule.
