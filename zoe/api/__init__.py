"""The REST API: one file for each noun, over the functions of `zoe.state`. The only part of Zoe that knows Falcon."""
