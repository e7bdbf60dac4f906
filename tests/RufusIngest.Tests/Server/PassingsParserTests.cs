using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using RufusIngest.Server;
using Xunit;

namespace RufusIngest.Tests.Server;

public class PassingsParserTests
{
    const NumberStyles Float =
        NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;

    static readonly string[] _texts =
        ["bib", "chip", "latitude", "longitude", "status", "participant_id", "timezone", "gender"];

    static readonly Gen<string> _value = Gen.Frequency(
        (6, Gen.OneOf("\"101\"", "\"\"", "\"Z\\u00fcrich\"", "\"😀\\uD83D\\uDE00\"", "\"a\\\\b\\n\\/\"")),
        (2, Gen.OneOf("12.5", "\"-0.25\"", "7", "\"7e1\"", "0", "-3")),
        (3, Gen.OneOf(
            "\"2026-05-03T09:00:00.123Z\"", "\"2026-05-03T09:00:00.123999+05:30\"", "\"1969-12-31T23:59:59.999Z\"")),
        (1, Gen.OneOf("null", "true", "{\"bib\":\"x\"}", "[1,[2]]", "1e400", "\"2026-02-30T00:00:00Z\"")));

    static readonly Gen<string> _timestamp = Gen.Select(
        Gen.Long[-62_135_596_800_000, 253_402_300_799_999], Gen.Int[-14 * 60, 14 * 60], Gen.Int[0, 7], Write);

    static readonly Gen<(string Name, string Value)> _good = Gen.Frequency(
        (4, Gen.Select(
            Gen.OneOf("chip", "chips", "status", "\\u0062ib", "gender"), Gen.OneOf("\"x\"", "null", "\"\\t\""))),
        (2, Gen.Select(Gen.OneOf("latitude", "longitude"), Gen.OneOf("1.5", "\"12.000\"", "\"\"", "null"))),
        (1, Gen.Select(Gen.OneOf("rssi", "chi", "Bib", ""), _value)));

    static readonly Gen<(string Name, string Value)> _any =
        Gen.Select(Gen.OneOf([.. _texts, "chips", "num_passing", "timestamp", "unknown"]), _value);

    static readonly Gen<string> _passing =
        from number in Gen.Long[0, long.MaxValue]
        from time in _timestamp
        from good in _good.Array[0, 6]
        from any in Gen.Frequency((20, Gen.Const(Array.Empty<(string, string)>())), (1, _any.Array[1, 2]))
        from shuffled in Gen.Shuffle((ValueTuple<string, string>[])
            [("bib", "\"9\""), ("num_passing", number.ToString()), ("timestamp", time), .. good, .. any])
        from space in Gen.OneOf("", " ", "\r\n\t")
        select $"{{{string.Join("," + space, shuffled.Select(m => $"\"{m.Item1}\"{space}:{m.Item2}"))}{space}}}";

    static readonly Gen<string> _body =
        from passings in _passing.Array[0, 8]
        from token in Gen.OneOf("\"T\"", "\"\\u0054\"", "\"T\"", "\"T\"", "7", "null")
        from tokenFirst in Gen.Bool
        let list = $"\"passings_list\":[{string.Join(',', passings)}]"
        select tokenFirst
            ? $"{{\"token_session\":{token},{list}}}"
            : $"{{\"x\":[{{}}],{list},\"token_session\":{token}}}";

    [Fact]
    public void the_parser_reads_what_a_document_reads()
    {
        var accepted = 0;
        _body.Sample(
            text =>
            {
                using var document = JsonDocument.Parse(text);
                var expected = Twin(document.RootElement);
                if (expected is not null)
                    Interlocked.Increment(ref accepted);
                Assert.Equal(expected, Parse(Encoding.UTF8.GetBytes(text)));
            },
            iter: 5_000);
        Assert.True(accepted > 500, $"only {accepted} bodies were good");
    }

    [Fact]
    public void damaged_bodies_are_refused_or_read_as_a_document_reads_them()
    {
        Gen.Select(_body, Gen.Int[0, 10_000], Gen.Byte, Gen.Int[0, 2]).Sample(
            (text, at, value, damage) =>
            {
                var bytes = Encoding.UTF8.GetBytes(text).ToList();
                at %= bytes.Count;
                if (damage == 0)
                    bytes[at] = value;
                else if (damage == 1)
                    bytes.RemoveAt(at);
                else
                    bytes.RemoveRange(at, bytes.Count - at);
                Assert.Equal(TwinOfBytes([.. bytes]), Parse([.. bytes]));
            },
            iter: 5_000);
    }

    [Fact]
    public void half_a_surrogate_pair_is_refused_wherever_it_stands()
    {
        const string Good =
            """
            {"token_session":"T","passings_list":[{"bib":"B","num_passing":1,"timestamp":"2026-05-03T09:00:00Z"}]}
            """;
        Assert.NotNull(Parse(Encoding.UTF8.GetBytes(Good)));
        foreach (var place in (string[])["T\"", "B\"", "bib\"", "Z\"", "passings_list\""])
        {
            var bad = Good.Replace(place, "\\udc00" + place, StringComparison.Ordinal);
            Assert.Null(Parse(Encoding.UTF8.GetBytes(bad)));
        }
    }

    static string? Parse(byte[] body)
    {
        var batch = new PassingsBatch();
        batch.Body.Set(body);
        if (!new PassingsParser(new VenueRules(new VenueServerOptions())).TryParse(batch))
        {
            Assert.False(string.IsNullOrEmpty(batch.Error));
            return null;
        }

        var text = new StringBuilder(batch.TokenText());
        for (var row = 0; row < batch.Count; row++)
        {
            ref readonly var passing = ref batch[row];
            text.Append($"|{passing.Number};{passing.TimeMs}");
            for (var i = 0; i < PassingText.Count; i++)
            {
                var slice = passing.Texts[i];
                text.Append(slice.IsNull ? ";-" : $";'{Encoding.UTF8.GetString(slice.In(batch.Body.Bytes))}'");
            }
        }

        return text.ToString();
    }

    static string? TwinOfBytes(byte[] bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(new UTF8Encoding(false, true).GetString(bytes));
            return Twin(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The obvious reading: objects, strings and the framework's own date parser.</summary>
    static string? Twin(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return null;
        string? token = null;
        JsonElement list = default;
        foreach (var member in root.EnumerateObject().Where(m => m.Value.ValueKind != JsonValueKind.Null))
        {
            if (member.Name == "token_session" && member.Value.ValueKind != JsonValueKind.String)
                return null;
            if (member.Name == "token_session")
                token = member.Value.GetString();
            else if (member.Name == "passings_list")
                list = member.Value;
        }

        if (token is null || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            return null;
        var passings = list.EnumerateArray().Select(TwinPassing).ToArray();
        return passings.Contains(null) ? null : token + string.Concat(passings);
    }

    static string? TwinPassing(JsonElement passing)
    {
        if (passing.ValueKind != JsonValueKind.Object)
            return null;
        var texts = new string?[_texts.Length];
        long? number = null;
        long? time = null;
        foreach (var member in passing.EnumerateObject().Where(m => m.Value.ValueKind != JsonValueKind.Null))
        {
            var value = member.Value;
            var isText = value.ValueKind == JsonValueKind.String;
            var index = Array.IndexOf(_texts, member.Name == "chips" ? "chip" : member.Name);
            if (member.Name == "num_passing")
            {
                if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var n) || n < 0)
                    return null;
                number = n;
            }
            else if (member.Name == "timestamp")
            {
                time = isText ? TwinTime(value.GetString()!) : null;
                if (time is null)
                    return null;
            }
            else if (index is PassingText.Latitude or PassingText.Longitude)
            {
                if (!isText && value.ValueKind != JsonValueKind.Number)
                    return null;
                var raw = isText ? value.GetString()! : value.GetRawText();
                if (raw.Length == 0)
                    continue;
                if (!double.TryParse(raw, Float, CultureInfo.InvariantCulture, out var parsed)
                    || !double.IsFinite(parsed))
                {
                    return null;
                }

                texts[index] = raw;
            }
            else if (index >= 0)
            {
                if (!isText)
                    return null;
                texts[index] = value.GetString();
            }
        }

        return number is null || time is null || texts[0] is null
            ? null
            : $"|{number};{time}{string.Concat(texts.Select(t => t is null ? ";-" : $";'{t}'"))}";
    }

    static long? TwinTime(string text)
    {
        var match = Regex.Match(
            text, @"^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9:]{5}):([0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})\z");
        if (!match.Success || !DateTime.TryParseExact(
                $"{match.Groups[1]} {match.Groups[2]}", "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture,
                DateTimeStyles.None, out var minute))
        {
            return null;
        }

        var seconds = int.Parse(match.Groups[3].Value);
        var fraction = int.Parse(match.Groups[4].Value.TrimStart('.').PadRight(3, '0')[..3]);
        var offset = match.Groups[5].Length > 1 ? match.Groups[5].Value : "+00:00";
        var (offsetHours, offsetMinutes) = (int.Parse(offset[1..3]), int.Parse(offset[4..]));
        if (seconds > 60 || offsetHours > 23 || offsetMinutes > 59)
            return null;
        var shift = ((offsetHours * 60) + offsetMinutes) * (offset[0] == '-' ? -1 : 1);
        var milliseconds = ((minute - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMillisecond)
            + (((seconds - (shift * 60L)) * 1000) + fraction);
        return milliseconds is < -62_135_596_800_000 or > 253_402_300_799_999 ? null : milliseconds;
    }

    static string Write(long milliseconds, int offsetMinutes, int digits)
    {
        // Local time stays inside the calendar; the instant need not be the drawn one.
        var local = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).DateTime;
        var nearEdge = local.Year is 1 or 9999;
        var offset = nearEdge || offsetMinutes == 0 ? "Z"
            : (offsetMinutes < 0 ? '-' : '+') + TimeSpan.FromMinutes(Math.Abs(offsetMinutes)).ToString("hh\\:mm");
        var fraction = digits == 0 ? "" : local.ToString("'.'" + new string('f', digits), CultureInfo.InvariantCulture);
        return $"\"{local.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)}{fraction}{offset}\"";
    }
}
