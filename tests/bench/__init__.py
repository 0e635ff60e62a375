"""How much work a request is, beside a handler written by hand; and what a thousand cameras cost a month."""
