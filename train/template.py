"""The tiny model's chat template: it only appends, shows tools in short, calls in Hermes tags."""

from __future__ import annotations

# Jinja, as transformers renders it. Reasoning is shown wherever the chat carries it.
TEMPLATE = """\
{%- set open = '<|im_start|>' -%}{%- set close = '<|im_end|>\\n' -%}
{%- set system = messages[0].content if messages and messages[0].role == 'system' else '' -%}
{%- if tools -%}
{{- open + 'system\\n' + (system + '\\n' if system else '') + '<tools>' -}}
{%- for tool in tools -%}
{%- set f = tool.function if tool.function else tool -%}
{{- '\\n' + f.name + '(' + ((f.parameters.properties or {}) | join(', ')) + ')' -}}
{%- endfor -%}
{{- '\\n</tools>' + close -}}
{%- elif system -%}
{{- open + 'system\\n' + system + close -}}
{%- endif -%}
{%- for message in messages -%}
{%- if message.role == 'assistant' -%}
{{- open + 'assistant\\n' -}}
{%- if message.reasoning_content -%}
{{- '<think>\\n' + message.reasoning_content + '\\n</think>\\n' -}}
{%- endif -%}
{{- message.content or '' -}}
{%- for call in message.tool_calls or [] -%}
{%- set f = call.function if call.function else call -%}
{{- '\\n' if message.content or not loop.first else '' -}}
{{- '<tool_call>\\n{"name": ' + (f.name | tojson) + ', "arguments": ' -}}
{{- (f.arguments if f.arguments is string else f.arguments | tojson) + '}\\n</tool_call>' -}}
{%- endfor -%}
{{- close -}}
{%- elif message.role == 'user' or message.role == 'tool' -%}
{{- open + message.role + '\\n' + message.content + close -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- open + 'assistant\\n' -}}{%- endif -%}"""
