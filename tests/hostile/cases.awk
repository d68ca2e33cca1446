# cases.awk: makes the matrix of hostile servers: one wire case for each state of `states` and each
# event of `expected`, into the folder -v to=FOLDER. README says what the two files mean. Any hole
# that is not named there, and any name that only one of them has, ends it with status 1.

function fail(text)
{
    print "cases.awk: " FILENAME ":" FNR ": " text >"/dev/stderr"
    failed = 1
    exit 1
}

# --- reading `states` ---------------------------------------------------------------------------

FILENAME ~ /states$/ && /^ *(#|$)/ { next }
FILENAME ~ /states$/ && /^block / { state = ""; block = $2; next }
FILENAME ~ /states$/ && /^state / {
    block = ""
    state = $2
    if (state in why)
        fail("state " state " twice")
    names[++states] = state
    why[state] = ""
    next
}
FILENAME ~ /states$/ && /^    / {
    line = substr($0, 5)
    if (block != "")
        text[block] = text[block] line "\n"
    else if (key == "due")
        due[state, ++dues[state]] = line
    else
        script[state, key] = script[state, key] line "\n"
    next
}
FILENAME ~ /states$/ {
    key = $1
    rest = $0
    sub(/^[^ ]+ ?/, "", rest)
    if (state == "")
        fail("a line outside of a state")
    if (key == "why")
        why[state] = rest
    else if (key == "on") {
        key = "on " rest
        script[state, key] = ""
    } else if (key == "set")
        set[state] = set[state] rest "\n"
    else if (key ~ /^(first|before|after|after-later|after-never|again)$/)
        script[state, key] = ""
    else if (key ~ /^(one|proven)$/)
        word[state, key] = "yes"
    else if (key ~ /^(account|odd|later|never|next|rest|secret|slow|message|server)$/)
        word[state, key] = rest
    else if (key != "due")
        fail("unknown word " key)
    next
}

# --- reading `expected` -------------------------------------------------------------------------

/^(#|$)/ { next }
$1 == "events" {
    columns = NF - 1
    for (i = 1; i <= columns; i++) {
        column[i] = $(i + 1)
        if (!($(i + 1) in is_event)) {
            is_event[$(i + 1)] = 1
            event[++events] = $(i + 1)
        }
    }
    next
}
$1 == "hole" {
    hole[++kinds] = $2
    reason[$2] = $0
    sub(/^hole . /, "", reason[$2])
    next
}
{
    if (!($1 in why))
        fail("no state " $1)
    if (NF - 1 != columns)
        fail(NF - 1 " cells under " columns " events")
    for (i = 1; i <= columns; i++) {
        if (($1, column[i]) in cell)
            fail($1 ", " column[i] ": twice")
        cell[$1, column[i]] = $(i + 1)
    }
}

# --- texts --------------------------------------------------------------------------------------

# The lines of a script, with "use BLOCK" replaced.
function expand(lines, depth,   n, i, part, out)
{
    if (depth > 8)
        fail("blocks within blocks")
    n = split(lines, part, "\n")
    out = ""
    for (i = 1; i < n; i++) {
        if (part[i] ~ /^ *use /) {
            sub(/^ *use /, "", part[i])
            if (!(part[i] in text))
                fail("no block " part[i])
            out = out expand(text[part[i]], depth + 1)
        } else
            out = out part[i] "\n"
    }
    return out
}

function repeat(s, n)
{
    return "\\*" n "{" s "}"
}

# The reply that is due, as it should be.
function due_lines(s,   i, out)
{
    out = ""
    for (i = 1; i <= dues[s]; i++)
        out = out "S: " due[s, i] "\n"
    return out
}

# The reply that is due in octets, with END behind each line.
function due_octets(s, end,   i, out)
{
    out = ""
    for (i = 1; i <= dues[s]; i++)
        out = out due[s, i] end
    return out
}

function code(s)
{
    return substr(due[s, 1], 1, 3)
}

# Half of the reply that is due.
function half(s)
{
    return "raw " substr(due[s, 1], 1, 7) "\n"
}

# The reply that is due with a NUL and an escape sequence in its first line.
function with_nul(s,   i, out)
{
    out = "raw " substr(due[s, 1], 1, 4) "\\0\\x1b[2J" substr(due[s, 1], 5) "\\r\\n"
    for (i = 2; i <= dues[s]; i++)
        out = out due[s, i] "\\r\\n"
    return out "\n"
}

# As long as a reply may be: 128 lines and 64 KiB, lines of 2048 octets among them. The challenge of
# a login is one line in every server that there is, and one line of 2048 octets here.
function largest(s,   c, last, short_lines, left)
{
    c = code(s)
    if (c == 334)
        return "raw 334 " repeat("x", 2040) "\\r\\n\n"
    last = due[s, dues[s]]
    left = 65536 - 31 * 2048 - 96 * 8 - (length(last) + 2)
    return "raw " repeat(c "-" repeat("x", 2042) "\\r\\n", 31) repeat(c "-xx\\r\\n", 95) \
        c "-xx" repeat("x", left) "\\r\\n" last "\\r\\n\n"
}

# The reply that is due without a word that is not needed.
function terse(s,   i, out)
{
    if (dues[s] == 1)
        return "S: " code(s) "\n"
    out = "S: " code(s) "-\n"
    for (i = 2; i <= dues[s]; i++)
        out = out "S: " due[s, i] "\n"
    return out
}

# All that the client has said in the login, and what it means.
function echo(s,   word)
{
    word = value(s, "secret", "")
    if (word != "")
        return word ", \\b64{" word "}"
    return "AGFsaWNlAHRyMHViNGRvciYz, dHIwdWI0ZG9yJjM=, tr0ub4dor&3"
}

function value(s, key, otherwise)
{
    return (s, key) in word ? word[s, key] : otherwise
}

function following(s, key, otherwise)
{
    return (s, key) in script ? expand(script[s, key], 0) : otherwise
}

# What the server does in state S when event E comes, to the end of the conversation.
function happening(s, e,   rest, after)
{
    rest = value(s, "rest", "eof") "\n"
    after = following(s, "after", rest)
    if ((s, "on " e) in script) {
        after = expand(script[s, "on " e], 0)
        return after (after ~ /(drop|bye|torn|eof)\n$/ ? "" : rest)
    }
    if (e ~ /^(drop|reset)$/)
        return e "\n"
    if (e == "shut")
        return "shut\n" rest
    if (e == "notify")
        return "adieu\n" rest
    if (e == "half")
        return half(s) "drop\n"
    if (e == "half-notify")
        return half(s) "notify\n"
    if (e == "cut")
        return "plain \\x17\\x03\\x03\\x00\\x40half\ndrop\n"
    if (e == "alert")
        return "alert\n" rest
    if (e == "plain")
        return "plain " due_octets(s, "\\r\\n") "\n" rest
    if (e == "drip")
        return "drip 100 " code(s) " " repeat("x", 300) "\n" rest
    if (e == "silence")
        return rest
    if (e == "4yz")
        return "S: " value(s, "later", "450 4.3.2 not now") "\n" \
            following(s, "after-later", s ~ /handshake/ ? rest : "bye\n")
    if (e == "5yz")
        return "S: " value(s, "never", "554 5.7.1 go away") "\n" \
            following(s, "after-never", s ~ /handshake/ ? rest : "bye\n")
    if (e == "421")
        return "S: 421 4.3.2 closing down\n" rest
    if (e == "echo")
        return "S: " word[s, "never"] ": " echo(s) "\n" following(s, "after-never", "bye\n")
    if (e == "garbage")
        return "S: what?\n" rest
    if (e == "1yz")
        return "S: 120 2.0.0 nearly\n" rest
    if (e == "long")
        return "S: " code(s) " " repeat("x", 2100) "\n" rest
    if (e == "endless")
        return "endless " code(s) "-and more\n" rest
    if (e == "mixed")
        return "S: " code(s) "-one\nS: " (code(s) == 550 ? 250 : 550) " other\n" rest
    if (e == "odd")
        return "S: " word[s, "odd"] "\n" rest
    if (e == "advance")
        return due_lines(s) "S: " value(s, "next", "250 2.0.0 ok") "\n" rest
    if (e == "nul")
        return with_nul(s) after
    if (e == "huge")
        return largest(s) after
    if (e ~ /^(term|int)$/ && cell[s, e] ~ /^0/)
        return "signal " toupper(e) "\nwait 50\n" due_lines(s) after
    if (e ~ /^(term|int)$/)
        return "signal " toupper(e) "\n" rest
    if (e == "bare-lf")
        return "raw " due_octets(s, "\\n") "\n" after
    if (e == "terse")
        return terse(s) after
    fail("unknown event " e)
}

# --- what is expected ---------------------------------------------------------------------------

# Words on standard error for the kind of a cell, as patterns.
function told(s, e, kind)
{
    if (kind == "c")
        return "~(broke|closed|reset|hung up)\n!may have arrived\n"
    if (kind == "t")
        return "~in time|takes no more|out of time\n!may have arrived\n"
    if (kind == "i")
        return "stopped by a signal\n!may have arrived\n"
    if (kind == "d")
        return "may have arrived\n"
    if (kind == "x")
        return "~TLS\n!may have arrived\n"
    if (kind == "p")
        return "~not an SMTP reply|makes no sense|out of turn|too long|too many lines|" \
            "different codes|injecting|AUTH [A-Z0-9-]+:|challenge of AUTH|not proved\n" \
            "!may have arrived\n"
    if (kind ~ /[law]/)
        return told_words(s, e) "!may have arrived\n"
    return ""
}

# The server's own words, without its code.
function told_words(s, e,   words)
{
    if (e == "421")
        words = "4.3.2 closing down"
    else if (e == "4yz")
        words = substr(word[s, "later"], 5)
    else if (e == "5yz" || e == "echo")
        words = substr(word[s, "never"], 5)
    else if (e ~ /^(nul|huge|bare-lf|terse)$/)
        words = s == "rset" ? "5.1.1 no bob" : e == "bare-lf" ? substr(due[s, 1], 5) : code(s)
    else
        fail(s ", " e ": no words can be expected")
    return words "\n"
}

# What became of the two, from the kind of the cell where it does not say: s(ent), b(ounced),
# d(eferred), u(nsure: deferred, and the message may have arrived).
function fates(status, kind, given)
{
    if (given != "")
        return given
    if (status == 0)
        return "ss"
    return kind == "w" ? "bb" : kind == "d" ? "uu" : "dd"
}

function log_pattern(who, fate)
{
    return "~to=<" who ">.* status=" \
        (fate == "s" ? "sent" : fate == "b" ? "bounced" : "deferred") " \n" \
        (fate == "u" ? "" : "!") "~to=<" who ">.*may have arrived\n"
}

# The section [stderr]; none where silence is expected.
function errors(s, e, status, kind, fate,   out)
{
    out = e == "echo" ? "[stderr many]\n" : "[stderr]\n"
    if (status == 0)
        return e == "echo" ? out "\n" : ""
    if (fate ~ /^s[bdu]$/)
        out = out "~sent to bob@example\\.com but not to carol@example\\.net\n"
    else if (fate ~ /^[bdu]s$/)
        out = out "~sent to carol@example\\.net but not to bob@example\\.com\n"
    else
        out = out "!sent to\n"
    return out told(s, e, kind) "\n"
}

# The log is that of the run in which the event comes.
function config(s, e, first,   out)
{
    out = "[log]\ntarget = " (first ? "none" : "@DIR@/log") "\n\n[account test]\n" \
        expand(text[word[s, "account"]], 0) \
        "port = @PORT@\nfrom = alice@example.org\nehlo_name = client.example.org\n" \
        "queue = never\n" set[s]
    if (e ~ /^(drip|silence)$/ && !first)
        out = out value(s, "slow", "timeout") " = 2s\n"
    return "[config]\n" out "\n"
}

function input(s, e,   body)
{
    body = "Hello.\n"
    if ((s, "message") in word)
        body = body repeat("a line of a text that no buffer holds\\n", \
            word[s, "message"] == "long" ? 40000 : 20000) "\n"
    return "[args]\n" (e == "echo" ? "-v\n" : "") "bob@example.com\n" \
        ((s, "one") in word ? "" : "carol@example.net\n") "\n" \
        "[stdin]\nFrom: alice@example.org\n" \
        "To: bob@example.com\nSubject: test\nDate: Sat, 21 Nov 2026 12:00:00 +0000\n" \
        "Message-ID: <1@example.org>\n\n" body "\n"
}

# What only a run of the queue would find out, written into the memory between two runs.
function proof(s, e)
{
    return "[again]\n[command]\n/bin/sh\n-c\n" \
        "cd home/.local/state/postrider/memory && f=$(grep -lx end *) && " \
        "sed -i \"s/^end$/proof $(date +%s) yes\\\\nend/\" $f\n\n[stdin null]\n\n" \
        "[again]\n[command]\n@POSTRIDER@\nsend\n-C\n@DIR@/config\n\n" input(s, e) \
        config(s, e, 0)
}

# What is given, up to the script of the session in which the event comes; before that one an
# earlier run may have taught what the server takes.
function beginning(s, e,   first)
{
    first = (s, "first") in script
    return config(s, e, first) input(s, e) (first && e == "echo" ? "[stderr many]\n\n" : "") \
        "[server" (value(s, "server", "") == "" ? "" : " " word[s, "server"]) "]\n" \
        (first ? expand(script[s, "first"], 0) "connection\n" : "")
}

function write_case(s, e, want,   status, kind, fate, path, part, more)
{
    # "+": the message is offered once more at once, and what is expected is what comes of that.
    if (sub(/^\+/, "", want)) {
        if (!((s, "again") in script))
            fail(s ", " e ": no script for another session")
        more = "connection\n" expand(script[s, "again"], 0)
    }
    if (want !~ /^(0|6[79]|7[5-7])[cdtplawxi]?(:[sbdu][sbdu]?)?$/)
        fail(s ", " e ": no such outcome: " want)
    split(want, part, ":")
    status = part[1] + 0
    kind = part[1]
    sub(/^[0-9]+/, "", kind)
    fate = fates(status, kind, part[2])
    path = to "/" s "." e ".case"
    printf "%s", "[why]\n" why[s] ": " e "\n\n" beginning(s, e) \
        expand(script[s, "before"], 0) happening(s, e) more "\n" \
        ((s, "proven") in word ? proof(s, e) : "") \
        ((s, "first") in script && !((s, "proven") in word) ? "[again]\n" config(s, e, 0) : "") \
        "[status]\n" status "\n\n" errors(s, e, status, kind, fate) \
        "[time]\n" (e ~ /^(drip|silence)$/ && status != 0 ? "1.9 20" : "20") "\n\n" \
        "[see log]\n" log_pattern("bob@example\\.com", substr(fate, 1, 1)) \
        ((s, "one") in word ? "" : log_pattern("carol@example\\.net", substr(fate, 2, 1))) \
        "\n[secret]\n" value(s, "secret", "tr0ub4dor&3\n\\0alice\\0tr0ub4dor&3") "\n" >path
    close(path)
    cases++
}

END {
    if (failed)
        exit 1
    for (i = 1; i <= states; i++) {
        for (k = 1; k <= events; k++) {
            e = event[k]
            want = (names[i], e) in cell ? cell[names[i], e] : "nothing"
            if (want ~ /^-/) {
                if (!(substr(want, 2) in reason))
                    fail(names[i] ", " e ": a hole without a reason")
                used[substr(want, 2)]++
                holes++
            } else
                write_case(names[i], e, want)
        }
    }
    for (k = 1; k <= kinds; k++) {
        if (!(hole[k] in used))
            fail("no hole has the reason " hole[k])
    }
    if (cases + holes != states * events)
        fail(cases " cases and " holes " holes are not " states " states of " events " events")
    print "hostile servers: " states " states, " events " events, " cases " cases, " holes " holes"
    for (k = 1; k <= kinds; k++)
        print used[hole[k]] " holes: " reason[hole[k]]
}
