/**
 * Agent "tally": a program in sh and POSIX awk, which every Unix has. One JSON object on stdin, one on stdout. It stands here as
 * text because a published package carries JavaScript only; the demo writes it beside the config that names it.
 *
 * Awk knows no JSON: the input's schema allows nothing but one text, so its string is found and unescaped by hand. \001 and \002
 * stand in for escaped backslashes and quotes meanwhile; JSON text has no such bytes of its own.
 */
export const TALLY = String.raw`#!/bin/sh
LC_ALL=C exec awk '
  { call = call $0 }
  END {
    start = index(call, "\"input\":{\"text\":\"")
    if (!start) { print "the input has no text" | "cat 1>&2"; close("cat 1>&2"); exit 1 }
    text = substr(call, start + 17)
    gsub(/\\\\/, "\001", text)
    gsub(/\\"/, "\002", text)
    text = substr(text, 1, index(text, "\"") - 1)
    gsub(/\\n/, "\n", text)
    gsub(/\\[rtbf]/, " ", text)
    gsub(/\\u00[01][0-9a-f]/, " ", text)
    lines = split(text, line, "\n")
    if (lines > 0 && line[lines] == "") lines--
    longest = 0
    for (i = 1; i <= lines; i++) if (length(line[i]) > longest) longest = length(line[i])
    gsub(/[^A-Za-z]+/, " ", text)
    words = split(text, word, " ")
    for (i = 1; i <= words; i++) { n = length(word[i]); if (n > 16) n = 16; count[n]++ }
    printf "{\"lines\":%d,\"longest\":%d,\"words\":%d,\"lengths\":[", lines, longest, words
    for (n = 1; n <= 16; n++) printf "%s%d", (n > 1 ? "," : ""), count[n]
    print "]}"
  }'
`;
