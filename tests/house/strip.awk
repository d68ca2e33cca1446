# strip.awk: C without comments and without the insides of strings; as many lines come out as go in.
# A line continues to be "FILE:LINE:code", so that what is found can be pointed at.
function scan(s,    i, c, two, out)
{
    out = ""
    for (i = 1; i <= length(s); i++) {
        c = substr(s, i, 1)
        two = substr(s, i, 2)
        if (comment) {
            if (two == "*/") {
                comment = 0
                i++
            }
        } else if (quote != "") {
            if (c == "\\")
                i++
            else if (c == quote) {
                quote = ""
                out = out c
            }
        } else if (two == "/*") {
            comment = 1
            i++
        } else if (two == "//") {
            return out
        } else {
            if (c == "\"" || c == "'")
                quote = c
            out = out c
        }
    }
    quote = ""
    return out
}
FNR == 1 { comment = 0; quote = "" }
{ print FILENAME ":" FNR ":" scan($0) }
