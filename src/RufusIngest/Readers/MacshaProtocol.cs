using System.Text;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Macsha One4All 3 to 5 and Ocelot: the rows of generation 5 with the answers to its commands, session files and fixed
/// rows of generations 3 and 4, and the cloud's export. Written from programs that read them and the commands they
/// quote; proven on session files of generations 4 and 5.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is the box's wall clock, and UTC for the cloud's rows, which name their zone. Of the
/// entry and the exit time of generations 3 and 4 the exit counts, or the entry if the reader is so set; an exit before
/// the entry is one of the next day. <see cref="ChipRead.Number"/> is the number within the session file (generation 5,
/// cloud). <see cref="ChipRead.Detail"/>: the code of generation 5, as text, first character lowest, never checked; the
/// time from entry to exit in ms of generations 3 and 4; 1 for a row of the cloud that had a bib in place of a chip.
/// <para>
/// Rows end with CR, LF, NUL or a pipe. Programs remove line ends inside the fixed rows; so one that is too short at a
/// line end goes on behind it, as long as what follows fits.
/// </para>
/// </remarks>
/// <param name="entry">The entry time is the time of record.</param>
struct MacshaProtocol(bool entry) : ITextProtocol
{
    static readonly byte[][] Commands =
    [
        .. "GETPROTOCOL SETPROTOCOL SETTIME GETTIME START STOP NEWFILE PUSHTAGS SETBOUNCE SETBUZZER".Split(' ')
            .Concat("PASSINGS GETPASSINGS LISTFILES GETFILEINFO GETFILE CLEARFILES READBATTERY PING".Split(' '))
            .Select(Encoding.ASCII.GetBytes),
    ];

    readonly bool _entry = entry;

    public static ReadOnlySpan<byte> Ends => "\r\n\0|"u8;

    public static bool EmptyLineEndsFetch => true;

    /// <summary>The protocol with its parameters: none, or <c>entry</c>.</summary>
    /// <exception cref="FormatException">They are something else.</exception>
    public static MacshaProtocol Parse(string parameters) => parameters switch
    {
        "" => default,
        "entry" => new MacshaProtocol(entry: true),
        _ => throw new FormatException(
            $"'{parameters}' is not known; the one parameter is 'entry', for the entry time instead of the exit time."),
    };

    public readonly RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> text = frame.Text;
        bool mayGoOn = frame.End is (byte)'\r' or (byte)'\n';
        int end = text.IndexOfAny((byte)'\r', (byte)'\n');
        if (end < 0)
            return TakeRow(text, frame.IsCutOff, mayGoOn, ref read, ref output);

        Span<byte> buffer = stackalloc byte[MacshaFixedRow.Most];
        int length = MacshaFixedRow.Join(text, buffer);
        if (MacshaFixedRow.Fits(buffer[..length]))
            return TakeRow(buffer[..length], frame.IsCutOff, mayGoOn, ref read, ref output);
        while (end + output.Length < text.Length && text[end + output.Length] is (byte)'\r' or (byte)'\n')
            output.Length++;
        output.Length += end;
        return TakeRow(text[..end], isCutOff: false, mayGoOn: false, ref read, ref output);
    }

    readonly RejectReason TakeRow(
        ReadOnlySpan<byte> row, bool isCutOff, bool mayGoOn, ref ChipRead read, ref FrameOutput output)
    {
        if (row.StartsWith("CONECTADO"u8))
        {
            TakeHeartbeat(row, ref output);
            return RejectReason.None;
        }

        if (!row.Contains((byte)';') && MacshaFixedRow.IsOne(row))
        {
            if (row.Length < MacshaFixedRow.Least)
            {
                output.GoesOn = mayGoOn && MacshaFixedRow.Fits(row);
                return output.GoesOn ? RejectReason.None : RejectReason.TooFewFields;
            }

            output.HasRead = true;
            return MacshaFixedRow.Read(row, _entry, ref read);
        }

        FieldList fields = new(row, (byte)';');
        if (fields.Count == 1 || row.StartsWith("HELLO"u8))
            return isCutOff && IsCommand(row) ? RejectReason.Truncated : TakeWord(row, fields, ref output);
        output.HasRead = true;
        if (fields[1].Length == 10 && fields[1][4] == '/')
            return MacshaRow.ReadSession(fields, _entry, ref read);
        if (AsciiNumber.TryUnsigned(fields[0], out long number))
        {
            read.Number = number;
            return fields.Count >= 9 && fields[2].Length > 10
                ? MacshaRow.ReadCloud(fields, isCutOff, ref read)
                : MacshaRow.ReadPassing(fields, ref read);
        }

        output.HasRead = false;
        return isCutOff ? RejectReason.Truncated : TakeAnswer(fields, ref output);
    }

    /// <summary>
    /// <c>CONECTADO_4</c>, which a row may follow at once. Where that begins with digits too, the box's number is one
    /// digit.
    /// </summary>
    static void TakeHeartbeat(ReadOnlySpan<byte> row, ref FrameOutput output)
    {
        int at = Math.Min(row.Length, "CONECTADO_".Length);
        int digits = row[at..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        digits = digits < 0 ? row.Length - at : digits;
        if (digits > 1 && at + digits < row.Length && row[at + digits] == ';')
            digits = 1;
        ReadOnlySpan<byte> rest = row[(at + digits)..];
        if (digits > 0 && !rest.IsEmpty && rest[0] != ';' && (rest.Contains((byte)';') || MacshaFixedRow.IsOne(rest)))
            output.Length = at + digits;
        AsciiNumber.TryUnsigned(row.Slice(at, digits), out long box);
        output.Add(ControlKind.KeepAlive, box);
    }

    static RejectReason TakeWord(ReadOnlySpan<byte> row, in FieldList fields, ref FrameOutput output)
    {
        if (row.StartsWith("HELLO"u8))
        {
            int passing = PassingBehindGreeting(fields);
            output.Length = passing > 0 ? passing : output.Length;
            output.Add(ControlKind.Greeting);
        }
        else if (row.StartsWith("START-OK"u8) || row.StartsWith("STOP-OK"u8) || row.StartsWith("MODO-REMOTE-OFF"u8)
            || row.StartsWith("OPERATION-MODE-STARTED"u8))
            output.Add(ControlKind.Response);
        else if (MacshaRow.IsHeaderOrFooter(row))
            output.Add(ControlKind.Status);
        else if (IsCommand(row) || row.SequenceEqual("Start:"u8) || row.SequenceEqual("Stop:"u8))
            output.Add(ControlKind.Unknown); // The host's own, come back.
        else
            return RejectReason.UnknownFrame;
        return RejectReason.None;
    }

    /// <summary>Where the number of a passing begins that stands right behind a greeting, or 0.</summary>
    static int PassingBehindGreeting(in FieldList fields)
    {
        ReadOnlySpan<byte> first = fields[0];
        int number = first.LastIndexOfAnyExceptInRange((byte)'0', (byte)'9') + 1;
        return number < first.Length && fields.Count >= 8 && AsciiTime.TryDate(fields[3], out _) ? number : 0;
    }

    static RejectReason TakeAnswer(in FieldList fields, ref FrameOutput output)
    {
        ReadOnlySpan<byte> name = fields[0];
        if (name.SequenceEqual("GETTIME"u8) && AsciiTime.TryDate(fields[1], out long date)
            && AsciiTime.TryTimeOfDay(fields[2], out long time))
            output.Add(ControlKind.Clock, date + time);
        else if (name.SequenceEqual("READBATTERY"u8) && ScaledNumber.TryParse(fields[2], 3, out long millivolt))
            output.Add(ControlKind.KeepAlive, millivolt);
        else if (name.SequenceEqual("PING"u8))
            output.Add(ControlKind.KeepAlive);
        else if (IsCommand(name))
            output.Add(ControlKind.Response);
        else if (name.SequenceEqual("passing"u8))
            output.Add(ControlKind.Status);
        else if (fields.Count >= 8 && fields[3].Length == 10)
            return RejectReason.BadNumber;
        else if (name.Length > 2 && !name.ContainsAnyExceptInRange((byte)'A', (byte)'Z'))
            output.Add(ControlKind.Unknown);
        else
            return RejectReason.UnknownFrame;
        return RejectReason.None;
    }

    static bool IsCommand(ReadOnlySpan<byte> name)
    {
        foreach (byte[] command in Commands)
        {
            if (name.SequenceEqual(command))
                return true;
        }

        return false;
    }
}
