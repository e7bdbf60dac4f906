using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using RufusIngest.Reads;

namespace RufusIngest.Fuzz;

/// <summary>
/// Numbers and times the slow way: regular expressions, decimal, DateTime. Ticks are since 1970 or since midnight; null
/// is "none such". Texts are Latin-1.
/// </summary>
static partial class Slow
{
    public const long Second = TimeSpan.TicksPerSecond;

    public const long Millisecond = TimeSpan.TicksPerMillisecond;

    public const long Day = TimeSpan.TicksPerDay;

    /// <summary>The bytes of a chip's text as Latin-1.</summary>
    public static string TextOf(in ChipCode chip)
    {
        Span<byte> text = stackalloc byte[ChipCode.MaxTextLength];
        return chip.IsEmpty ? "" : Encoding.Latin1.GetString(text[..chip.Format(text)]);
    }

    /// <summary>A chip as it comes out again: mixed case of an EPC as upper case, all else as it was sent.</summary>
    public static string ChipText(string text) =>
        text.Length >= 8 && text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit)
        && text.Any(char.IsAsciiLetterLower) && text.Any(char.IsAsciiLetterUpper) ? text.ToUpperInvariant() : text;

    /// <summary>The UTF-8 bytes of a text as Latin-1.</summary>
    public static string LatinOf(string text) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>Digits alone; null for anything else, and for more than 18 of them.</summary>
    public static long? Digits(string text) =>
        text.Length is > 0 and <= 18 && text.All(char.IsAsciiDigit)
            ? long.Parse(text, CultureInfo.InvariantCulture)
            : null;

    /// <summary>Hex digits alone; null for anything else, and for more than 15 of them.</summary>
    public static long? Hex(string text) =>
        text.Length is > 0 and <= 15 && text.All(char.IsAsciiHexDigit)
            ? long.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
            : null;

    /// <summary>A whole number of any length within bounds.</summary>
    public static long? Whole(string text, long least, long most) =>
        text.Length > 0 && text.All(char.IsAsciiDigit)
        && BigInteger.Parse(text, CultureInfo.InvariantCulture) is var number && number >= least && number <= most
            ? (long)number
            : null;

    [GeneratedRegex(@"^[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?\z")]
    private static partial Regex Number();

    /// <summary>A decimal number, scaled and rounded, halves away from zero.</summary>
    /// <param name="text">The text.</param>
    /// <param name="factor">A power of ten.</param>
    /// <param name="sure">False for what is a number, but so long that a parser may leave it out.</param>
    public static decimal? Scaled(string text, decimal factor, out bool sure)
    {
        sure = true;
        if (!Number().IsMatch(text))
            return null;
        sure = text.Count(char.IsAsciiDigit) <= 15 && !text.Contains('e', StringComparison.OrdinalIgnoreCase);
        return sure
            ? Math.Round(
                decimal.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture) * factor,
                MidpointRounding.AwayFromZero)
            : null;
    }

    /// <summary>Decimals of a second, cut off at 100 ns.</summary>
    static long Fraction(string decimals) => long.Parse(decimals.PadRight(7, '0')[..7], CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^([0-9]{1,2}:[0-9]{2}:[0-9]{2})(?:[.,]([0-9]{1,9}))?\z")]
    private static partial Regex OfDay();

    /// <summary><c>H:mm:ss</c> with up to nine decimals.</summary>
    public static long? TimeOfDay(string text)
    {
        Match match = OfDay().Match(text);
        return match.Success && DateTime.TryParseExact(
            match.Groups[1].Value, "H:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault,
            out DateTime time)
            ? time.TimeOfDay.Ticks + Fraction(match.Groups[2].Value)
            : null;
    }

    /// <summary>A date in this form, as ticks.</summary>
    public static long? Date(string text, string format) =>
        text.All(char.IsAscii) && DateTime.TryParseExact(
            text, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime date)
            ? date.Ticks - DateTime.UnixEpoch.Ticks
            : null;

    /// <summary>Year first, the same byte twice between the parts.</summary>
    public static long? Date(string text) => text.Length == 10 && text[4] == text[7]
        ? Date($"{text[..4]}-{text[5..7]}-{text[8..]}", "yyyy-MM-dd")
        : null;

    /// <summary>Day first, with hyphens, slashes or points.</summary>
    public static long? DateDayFirst(string text, string format = "dd-MM-yyyy") =>
        text.Length == 10 && "-/.".Contains(text[2], StringComparison.Ordinal) && text[5] == text[2]
            ? Date($"{text[..2]}-{text[3..5]}-{text[6..]}", format)
            : null;

    /// <summary>A date, one of these characters and a time of day.</summary>
    public static long? DateAndTime(string text, Func<string, long?> date, string between)
    {
        return text.Length > 11 && between.Contains(text[10], StringComparison.Ordinal)
            ? date(text[..10]) + TimeOfDay(text[11..])
            : null;
    }

    /// <summary>Year first, with hyphens or slashes; a time of day behind a blank, <c>T</c> or underscore.</summary>
    public static long? DateAndTime(string text) =>
        text.Length > 4 && text[4] is '-' or '/' ? DateAndTime(text, Date, " T_") : null;

    [GeneratedRegex(
        @"^(?:[A-Za-z]{3}) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ([0-9]{1,2}) ([0-9:.,]+) "
        + @"(?:[A-Z]{1,5} )?([0-9]{4})\z")]
    private static partial Regex Weekday();

    [GeneratedRegex(@"^[^ :]+ [^ :]+ [0-9]+ ([0-9:.,]+) +(?:[A-Z]{1,5} )?([0-9]{4}-[0-9]{2}-[0-9]{2})\z")]
    private static partial Regex WeekdayAndDate();

    /// <summary><c>Fri Jun 18 12:58:18 PDT 2004</c>, or with a whole date at the end; others are not said.</summary>
    public static long? WeekdayForm(string text)
    {
        Match whole = WeekdayAndDate().Match(text);
        if (whole.Success)
            return Date(whole.Groups[2].Value) + TimeOfDay(whole.Groups[1].Value);
        Match match = Weekday().Match(text);
        return match.Success
            ? Date($"{match.Groups[4].Value} {match.Groups[1].Value} {match.Groups[2].Value}", "yyyy MMM d")
                + TimeOfDay(match.Groups[3].Value)
            : null;
    }

    [GeneratedRegex(@"^([0-9]{1,18})(?:[.,]([0-9]{1,9}))?\z")]
    private static partial Regex SecondsForm();

    /// <summary>Seconds with up to nine decimals.</summary>
    public static long? Seconds(string text)
    {
        Match match = SecondsForm().Match(text);
        return match.Success && Digits(match.Groups[1].Value) is { } seconds and < 253_402_300_800
            ? (seconds * Second) + Fraction(match.Groups[2].Value)
            : null;
    }

    /// <summary>10 to 19 digits, the first ten of them seconds.</summary>
    public static long? UnixDigits(string text) => text.Length is >= 10 and <= 19 && text.All(char.IsAsciiDigit)
        ? (long.Parse(text[..10], CultureInfo.InvariantCulture) * Second) + Fraction(text[10..])
        : null;

    [GeneratedRegex(
        @"^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt; ]([0-9]{2}:[0-9]{2}:)([0-9]{2})(?:[.,]([0-9]{1,9}))?"
        + @"(?:([Zz])|([-+])([0-9]{2}):?([0-9]{2}))?\z")]
    private static partial Regex IsoForm();

    /// <summary>ISO 8601 as readers write it; a time with a zone is UTC.</summary>
    public static (long Ticks, ReadFlags Flags)? Iso(string text)
    {
        Match match = IsoForm().Match(text);
        if (!match.Success)
            return null;
        bool isClamped = match.Groups[3].Value == "60";
        string plain = match.Groups[1].Value + " " + match.Groups[2].Value + (isClamped ? "59" : match.Groups[3].Value);
        if (!DateTime.TryParseExact(
            plain, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime time))
            return null;
        long ticks = time.Ticks - DateTime.UnixEpoch.Ticks
            + (isClamped ? 999 * Millisecond : Fraction(match.Groups[4].Value));
        ReadFlags flags = (isClamped ? ReadFlags.TimeClamped : 0)
            | (match.Groups[5].Success || match.Groups[6].Success ? ReadFlags.ZoneKnown : 0);
        if (match.Groups[6].Success)
        {
            TimeSpan offset = new(Int(match.Groups[7].Value), Int(match.Groups[8].Value), 0);
            ticks -= match.Groups[6].Value == "-" ? -offset.Ticks : offset.Ticks;
        }

        return (ticks, flags);
    }

    /// <summary>Digits that are known to be some.</summary>
    public static int Int(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}

/// <summary>Optional fields of a record: what is unreadable is left out and noted.</summary>
sealed class Optional
{
    /// <summary>One was left out; null: perhaps.</summary>
    public bool? Dropped { get; private set; } = false;

    public int Small(string text) => (int)Number(text, 0, 65_535, 0)!.Value;

    public long? Number(string text, long least = 0, long most = long.MaxValue, long? otherwise = -1)
    {
        if (Slow.Digits(text) is { } value && value >= least && value <= most)
            return value;
        Drop(text.Length > 0);
        return otherwise;
    }

    public int Hits(string text) => (int)Number(text, 1, int.MaxValue, 1)!.Value;

    public void Drop(bool dropped) => Dropped = dropped ? true : Dropped;

    /// <summary>1/100 dBm.</summary>
    public int? Rssi(string text)
    {
        if (text.Length == 0)
            return ChipRead.NoRssi;
        int comma = text.IndexOf(',', StringComparison.Ordinal);
        decimal? value = Slow.Scaled(comma < 0 ? text : text[..comma] + "." + text[(comma + 1)..], 100, out bool sure);
        if (!sure || (comma >= 0 && text.Length > 16))
        {
            Dropped = Dropped is true ? true : null;
            return null;
        }

        if (value is > short.MinValue and <= short.MaxValue)
            return (int)value;
        Drop(true);
        return ChipRead.NoRssi;
    }
}
