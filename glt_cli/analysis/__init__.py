"""From records to tables, figures and reports."""
