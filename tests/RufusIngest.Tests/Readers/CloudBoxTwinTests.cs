using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Readers;

/// <summary>The parser against a slow twin made of <see cref="JsonDocument"/> and obvious code.</summary>
public sealed class CloudBoxTwinTests
{
    static readonly string[] Times =
    [
        "\"2024-09-17;14:34:23.123Z\"", "\"2024-02-29T00:00:00.1234567\"", "\"1999-12-31t23:59:59,5z\"",
        "\"2024-09-17 14:34:23\"", "\"2024-09-17\\u003b14:34:23.120\"", "\"2023-02-29;00:00:00\"", "\"2024-09-17\"",
        "\"2024-09-17;24:00:00.000Z\"", "\"0001-01-01;00:00:00Z\"", "\"\"", "null", "0", "[]",
    ];

    static readonly string[] Texts =
    [
        "\"MC00169\"", "\"3D2E372D39293A313C313734\"", "\"3d2e372d\"", "\"\"", "null", "\"MC\\u0030\\u0030169\"",
        "\"é\\n\\\"{\"", "\"\\uD83C\\uDFC3\"", "\"\\uD83C\"", "\"}]\"", "\"0123456789012345678901234567890\"",
        "17", "true",
        "{\"tagStr\":\"x\"}",
    ];

    static readonly string[] Numbers =
    [
        "0", "1", "145", "65535", "65536", "2147483647", "4294967296", "9223372036854775807",
        "9223372036854775808", "-1",
        "-58", "-58.5", "-58.005", "-58.015", "41.28425", "-0.00000005", "1e1", "1.5E-3", "12e+1",
        "-0", "0.0", "179.99999999",
        "327.675", "123456789012345678901234567890", "\"-58\"", "\"\"", "\"x\"", "\"\\u0031\"", "\"1 \"", "null",
        "false", "[1]",
        "{}",
    ];

    static readonly string[] Others =
    [
        "{\"a\":[1,{\"b\":\"}{\"}],\"c\":{}}", "[]", "\"6a0f5\"", "null", "-1.5e-7", "true",
    ];

    static readonly string[] Whites = ["", "", "", " ", "\n", "\r\n  ", "\t"];

    static Gen<string> Member(string key, string escaped, string[] values) =>
        from name in Gen.Frequency((12, Gen.Const(key)), (1, Gen.Const(escaped)), (1, Gen.Const(key + "x")))
        from value in Gen.OneOf(values)
        from w in Gen.OneOf(Whites).Array[3]
        select $"\"{name}\"{w[0]}:{w[1]}{value}{w[2]}";

    static readonly Gen<string> AnyMember = Gen.Frequency(
        (3, Member("timestamp", "time\\u0073tamp", Times)),
        (3, Member("tagStr", "tag\\u0053tr", Texts)),
        (2, Member("epc", "ep\\u0063", Texts)),
        (2, Member("rssi", "rss\\u0069", Numbers)),
        (1, Member("seenCount", "seen\\u0043ount", Numbers)),
        (1, Member("antenna", "ant\\u0065nna", Numbers)),
        (1, Member("passingNumber", "passing\\u004Eumber", Numbers)),
        (1, Member("latitude", "l\\u0061titude", Numbers)),
        (1, Member("longitude", "l\\u006fngitude", Numbers)),
        (1, Member("chksum", "\\\"", Others)));

    static readonly Gen<string> AnyObject =
        from time in Gen.Frequency((4, Gen.Const(Times[..5])), (1, Gen.Const(Times)))
        from first in Member("timestamp", "timestam\\u0070", time)
        from chip in Member("tagStr", "\\u0074agStr", Texts)
        from rest in AnyMember.Array[0, 10]
        from command in Gen.Frequency((9, Gen.Const(false)), (1, Gen.Const(true)))
        let commands = command ? ["\"command\":\"X\""] : Array.Empty<string>()
        from order in Gen.Shuffle((string[])[first, chip, .. rest, .. commands])
        from bare in Gen.Frequency((12, Gen.Const(false)), (1, Gen.Const(true)))
        select bare ? "{" + string.Join(',', rest) + "}" : "{" + string.Join(',', order) + "}";

    static readonly Gen<string> AnyStream =
        from objects in AnyObject.Array[1, 6]
        from between in Gen.OneOf("", "\n", "\r\n", ",", " ", "\0", "][", "\uFEFF").Array[objects.Length]
        select string.Concat(objects.Zip(between, (found, separator) => found + separator));

    [Fact]
    public void A_stream_of_generated_objects_gives_what_the_twin_says() =>
        AnyStream.Sample(
            text =>
            {
                byte[] stream = Encoding.UTF8.GetBytes(text);
                string expected = Twin(text);
                Assert.Equal(expected, Lines(ParserRun.OfWhole<CloudBoxParser>(stream)));
                Assert.Equal(expected, Lines(ParserRun.Of<CloudBoxParser>(
                    stream.Chunk(7).Select(piece => (ReadOnlyMemory<byte>)piece))));
            },
            iter: 20_000);

    static string Lines(ParserRun run) => string.Join('\n',
    [
        .. run.Reads.Select(read => ParserRun.Describe(read)),
        .. run.Controls.Select(control => control.Kind.ToString()),
        .. run.Rejects.Select(reject => reject.Reason.ToString()),
    ]);

    static string Twin(string text)
    {
        List<string> reads = [];
        List<string> controls = [];
        List<string> rejects = [];
        foreach (string found in Split(text))
        {
            using JsonDocument document = JsonDocument.Parse(found);
            JsonElement root = document.RootElement;
            if (root.TryGetProperty("command", out _))
                controls.Add("Response");
            else if (!root.TryGetProperty("timestamp", out JsonElement time))
                controls.Add("Unknown");
            else if (TwinRead(root, time, out ChipRead read) is var reason and not RejectReason.None)
                rejects.Add(reason.ToString());
            else
                reads.Add(ParserRun.Describe(read));
        }

        return string.Join('\n', [.. reads, .. controls, .. rejects]);
    }

    static IEnumerable<string> Split(string text)
    {
        int start = 0;
        int depth = 0;
        bool inString = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (inString && c == '\\')
                i++;
            else if (c == '"')
                inString = !inString;
            else if (!inString && c == '{' && depth++ == 0)
                start = i;
            else if (!inString && c == '}' && --depth == 0)
                yield return text[start..(i + 1)];
        }
    }

    static RejectReason TwinRead(JsonElement root, JsonElement time, out ChipRead read)
    {
        read = default;
        read.Reset();
        if (time.ValueKind != JsonValueKind.String || !TwinTime(time.GetString()!, ref read))
            return RejectReason.BadTime;
        root.TryGetProperty("tagStr", out JsonElement tag);
        root.TryGetProperty("epc", out JsonElement epc);
        bool dropped = tag.ValueKind is not (JsonValueKind.String or JsonValueKind.Null or JsonValueKind.Undefined);
        JsonElement chip = tag.ValueKind == JsonValueKind.String && tag.GetRawText() != "\"\"" ? tag : epc;
        if (chip.ValueKind != JsonValueKind.String || chip.GetRawText() == "\"\"")
            return RejectReason.NoChip;
        if (!TwinText(chip, out string code))
            return RejectReason.BadSyntax;
        if (!ChipCode.TryFromText(Encoding.UTF8.GetBytes(code), out ChipCode known))
            return RejectReason.ChipTooLong;
        read.Chip = known;

        decimal? Get(string name, decimal factor, decimal least, decimal most, bool whole)
        {
            if (!root.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
                return null;
            decimal? number = TwinNumber(value, whole) * factor;
            number = number is { } n ? Math.Round(n, MidpointRounding.AwayFromZero) : null;
            if (number >= least && number <= most)
                return number;
            dropped = true;
            return null;
        }

        read.Hits = (int)(Get("seenCount", 1, 1, int.MaxValue, true) ?? 1);
        read.Antenna = (ushort)(Get("antenna", 1, 0, ushort.MaxValue, true) ?? 0);
        read.Number = (long)(Get("passingNumber", 1, 0, long.MaxValue, true) ?? -1);
        read.RssiCentiDbm = (short)(Get("rssi", 100, -32767, 32767, false) ?? short.MinValue);
        decimal? latitude = Get("latitude", 1e7m, -90e7m, 90e7m, false);
        decimal? longitude = Get("longitude", 1e7m, -180e7m, 180e7m, false);
        if (latitude is { } lat && longitude is { } lon && (lat != 0 || lon != 0))
        {
            (read.LatitudeE7, read.LongitudeE7) = ((int)lat, (int)lon);
            read.Flags |= ReadFlags.HasPosition;
        }

        read.Flags |= dropped ? ReadFlags.FieldDropped : ReadFlags.None;
        return RejectReason.None;
    }

    static bool TwinTime(string text, ref ChipRead read)
    {
        bool zone = text.EndsWith('Z') || text.EndsWith('z');
        string plain = Regex.Replace(text.TrimEnd('Z', 'z'), "[;tT]", " ").Replace(',', '.');
        string[] formats = ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss.FFFFFFF"];
        if (!DateTime.TryParseExact(
                plain, formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time))
            return false;
        read.Time = time.Ticks - DateTime.UnixEpoch.Ticks;
        read.Flags = zone ? ReadFlags.ZoneKnown : ReadFlags.None;
        return true;
    }

    static bool TwinText(JsonElement value, out string text)
    {
        try
        {
            text = value.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }

    static decimal? TwinNumber(JsonElement value, bool whole)
    {
        string? text = value.ValueKind switch
        {
            JsonValueKind.Number => value.GetRawText(),
            JsonValueKind.String => value.GetString(),
            _ => null,
        };
        string grammar = whole ? "^[0-9]+$" : "^-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?$";
        return text is not null && Regex.IsMatch(text, grammar)
            && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number)
            ? Math.Abs(number) < 1e19m ? number : null
            : null;
    }
}
