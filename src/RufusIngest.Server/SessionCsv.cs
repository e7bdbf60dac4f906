using System.Buffers;
using System.Buffers.Text;

namespace RufusIngest.Server;

/// <summary>
/// Passings as CSV (RFC 4180, UTF-8 without a mark, lines end in CR LF). The first columns are those that RUFUS Race
/// Manager is known to import; the others are the rest of what the API takes.
/// </summary>
static class SessionCsv
{
    static readonly int[] _columns =
    [
        PassingText.Latitude, PassingText.Longitude, PassingText.Status, PassingText.ParticipantId, PassingText.Bib,
        PassingText.Chip, PassingText.Timezone, PassingText.Gender,
    ];

    static readonly SearchValues<byte> _quoted = SearchValues.Create("\",\r\n"u8);

    /// <summary>What a spreadsheet takes for the beginning of a formula.</summary>
    static readonly SearchValues<byte> _formula = SearchValues.Create("=+-@\t\r"u8);

    public static void WriteHead(IBufferWriter<byte> output) => output.Write(
        "__typename,timestamp,num_passing,latitude,longitude,status,participant_id,bib,chip,timezone,gender\r\n"u8);

    public static void Write(IBufferWriter<byte> output, PassingsPage page)
    {
        for (var row = 0; row < page.Count; row++)
        {
            ref readonly var passing = ref page[row];
            output.Write("Passing,"u8);
            Rfc3339.Format(passing.TimeMs, output.GetSpan(Rfc3339.Length)[..Rfc3339.Length]);
            output.Advance(Rfc3339.Length);
            output.Write(","u8);
            Utf8Formatter.TryFormat(passing.Number, output.GetSpan(20), out var length);
            output.Advance(length);
            var texts = passing.Texts(page.Chunks(row), out var bytes);
            foreach (var column in _columns)
            {
                output.Write(","u8);
                WriteCell(output, texts[column].In(bytes));
            }

            output.Write("\r\n"u8);
        }
    }

    /// <summary>
    /// A text that a spreadsheet would run as a formula gets an apostrophe in front, which makes it a text there. A
    /// number is no formula, whatever its sign.
    /// </summary>
    static void WriteCell(IBufferWriter<byte> output, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return;
        var quoted = text.ContainsAny(_quoted);
        if (quoted)
            output.Write("\""u8);
        if (_formula.Contains(text[0]) && !Coordinate.TryParse(text, out _))
            output.Write("'"u8);
        for (var at = quoted ? text.IndexOf((byte)'"') : -1; at >= 0; at = text.IndexOf((byte)'"'))
        {
            output.Write(text[..(at + 1)]);
            output.Write("\""u8);
            text = text[(at + 1)..];
        }

        output.Write(text);
        if (quoted)
            output.Write("\""u8);
    }
}
