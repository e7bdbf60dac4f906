using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Readers that type a code and an end, as a keyboard does: CR, LF, CRLF or Tab. There is no time in it, so the arrival stands
/// in (<see cref="ReadFlags.NoTime"/>).
/// </summary>
/// <remarks>
/// The same card gives other texts with other settings of the reader; <see cref="WedgeOptions"/> brings them to one. A code
/// that does not fit the options is a reject: a scan that was cut, two that ran together, a wrong keyboard layout.
/// </remarks>
struct WedgeProtocol(WedgeOptions options) : ITextProtocol
{
    readonly WedgeOptions? _options = options;

    public static ReadOnlySpan<byte> Ends => "\r\n\0\t"u8;

    public static WedgeProtocol Parse(string parameters) => new(WedgeOptions.Parse(parameters));

    public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        WedgeOptions options = _options ?? WedgeOptions.None;
        ReadOnlySpan<byte> code = frame.Text.Trim((byte)' ');
        if (frame.IsCutOff)
            return RejectReason.Truncated;
        if (code.IsEmpty)
            return RejectReason.NoChip;
        if (!code.StartsWith(options.Prefix))
            return RejectReason.BadSyntax;
        code = code[options.Prefix.Length..];
        if (code.Length < options.Least)
            return RejectReason.TooFewFields;
        if (code.Length > options.Most)
            return RejectReason.TooLong;
        if (!IsOf(options.Digits, code))
            return RejectReason.BadNumber;
        read.Flags = ReadFlags.NoTime;
        output.HasRead = true;
        return options.Changes ? TakeChanged(code, options, ref read) : ReadFields.Chip(code, ref read);
    }

    static bool IsOf(WedgeDigits digits, ReadOnlySpan<byte> code)
    {
        foreach (byte b in code)
        {
            if (AsciiNumber.HexValue(b) > (digits == WedgeDigits.Any ? int.MaxValue : digits == WedgeDigits.Hex ? 15 : 9))
                return false;
        }

        return true;
    }

    /// <summary>A number of up to 64 bits, its bytes perhaps reversed, in the digits that are wanted.</summary>
    static RejectReason TakeChanged(ReadOnlySpan<byte> code, WedgeOptions options, ref ChipRead read)
    {
        bool hex = options.Digits == WedgeDigits.Hex;
        int width = hex ? (code.Length + 1) / 2 : options.DecimalBytes;
        if (width > sizeof(ulong) || !Utf8Parser.TryParse(code, out ulong number, out int used, hex ? 'x' : 'D') || used != code.Length
            || (width < sizeof(ulong) && number >> (8 * width) != 0))
            return RejectReason.BadNumber;
        if (options.Reverse)
            number = BinaryPrimitives.ReverseEndianness(number) >> (64 - (8 * width));
        Span<byte> text = stackalloc byte[20];
        int length;
        bool written = options.ToDecimal
            ? Utf8Formatter.TryFormat(number, text, out length)
            : Utf8Formatter.TryFormat(number, text, out length, new StandardFormat('X', (byte)(2 * width)));
        return written ? ReadFields.Chip(text[..length], ref read) : RejectReason.BadNumber;
    }
}

/// <summary>Which characters a typed code may hold.</summary>
enum WedgeDigits : byte
{
    /// <summary>All.</summary>
    Any = 0,

    /// <summary>0–9.</summary>
    Decimal,

    /// <summary>0–9, A–F, a–f.</summary>
    Hex,
}

/// <summary>What is known of the codes a keyboard wedge types, and what to make of them. Immutable.</summary>
sealed class WedgeOptions
{
    /// <summary>Every code is taken as it is.</summary>
    public static WedgeOptions None { get; } = new();

    /// <summary>Typed before each code; required, and no part of it.</summary>
    public byte[] Prefix { get; private init; } = [];

    /// <summary>Shortest code behind the prefix.</summary>
    public int Least { get; private init; } = 1;

    /// <summary>Longest code behind the prefix.</summary>
    public int Most { get; private init; } = ChipCode.MaxTextLength;

    /// <summary>The characters of a code.</summary>
    public WedgeDigits Digits { get; private init; }

    /// <summary>Turn the bytes of the number round.</summary>
    public bool Reverse { get; private init; }

    /// <summary>Write the number in decimal digits; otherwise in hex ones.</summary>
    public bool ToDecimal { get; private init; }

    /// <summary>The number is written anew.</summary>
    public bool Changes { get; private init; }

    /// <summary>Bytes of a number that is typed in decimal.</summary>
    public int DecimalBytes { get; private init; } = 4;

    /// <summary>
    /// <c>length=10</c> or <c>length=8-10</c>, <c>digits=hex</c> or <c>decimal</c>, <c>prefix=X</c>, <c>to=decimal</c> or
    /// <c>hex</c>, <c>bytes=8</c> (of a decimal number; 4 otherwise), <c>reverse</c>; separated by commas.
    /// </summary>
    /// <exception cref="FormatException">It is not; the message says why.</exception>
    public static WedgeOptions Parse(string text)
    {
        if (text.Length == 0)
            return None;
        Dictionary<string, string> given = [];
        foreach (string part in text.Split(','))
        {
            string[] pair = part.Split('=', 2);
            if (!given.TryAdd(pair[0].Trim(), pair.Length == 2 ? pair[1] : ""))
                throw new FormatException($"'{pair[0]}' is given twice.");
        }

        string[] known = ["length", "digits", "prefix", "to", "bytes", "reverse"];
        if (given.Keys.FirstOrDefault(key => !known.Contains(key)) is { } unknown)
            throw new FormatException($"there is no '{unknown}'; there are: {string.Join(", ", known)}.");
        string[] lengths = given.GetValueOrDefault("length", $"1-{ChipCode.MaxTextLength}").Split('-', 2);
        bool changes = given.ContainsKey("to") || given.ContainsKey("reverse");
        WedgeDigits digits = OneOf(
            given, "digits", ("", WedgeDigits.Any), ("hex", WedgeDigits.Hex), ("decimal", WedgeDigits.Decimal));
        if (changes && digits == WedgeDigits.Any)
            throw new FormatException("'to' and 'reverse' need 'digits=hex' or 'digits=decimal': what the reader types.");
        return new WedgeOptions
        {
            Prefix = System.Text.Encoding.UTF8.GetBytes(given.GetValueOrDefault("prefix", "")),
            Least = Number("length", lengths[0], 1, ChipCode.MaxTextLength),
            Most = Number("length", lengths[^1], 1, ChipCode.MaxTextLength),
            Digits = digits,
            Reverse = given.ContainsKey("reverse"),
            ToDecimal = OneOf(given, "to", ("", digits == WedgeDigits.Decimal), ("decimal", true), ("hex", false)),
            Changes = changes,
            DecimalBytes = Number("bytes", given.GetValueOrDefault("bytes", "4"), 1, 8),
        };
    }

    static T OneOf<T>(Dictionary<string, string> given, string key, params (string Name, T Value)[] values)
    {
        string text = given.GetValueOrDefault(key, "");
        foreach ((string name, T value) in values)
        {
            if (name == text)
                return value;
        }

        throw new FormatException(
            $"'{key}={text}': it can be {string.Join(" or ", values.Skip(1).Select(value => value.Name))}.");
    }

    static int Number(string key, string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number
            : throw new FormatException($"'{key}={text}': a number from {least} to {most} is needed.");
}
