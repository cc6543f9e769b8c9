"""Texts that would do harm if they were rendered without escaping."""

HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://a.example/x)",
    "=cmd|' /C calc'!A0", "@SUM(1+1)", "\u202egnp.exe", "</script><svg onload=alert(1)>", "{{ 7 * 7 }}", "#[sys.time]",
)  # fmt: skip
