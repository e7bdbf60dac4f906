using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// RACE RESULT decoders: lines of 4 to 20 and more fields between semicolons, pushed, fetched, from files, as the body
/// of an HTTP upload, or exported by the timing software. Written from the vendor's manual and programs that drive a
/// decoder; proven on printed samples only.
/// </summary>
/// <remarks>
/// <see cref="ChipRead.Time"/> is the decoder's wall clock. A date <c>0000-00-NN</c> is a clock that was never set and
/// counts from power-up: no date, clock not set, NN days added. An export without a date has no date and nothing more.
/// <see cref="ChipRead.Number"/> is the passing number in its file, <see cref="ChipRead.Antenna"/> the loop of an
/// active chip and the antenna of the best signal of a passive one, <see cref="ChipRead.Point"/> the box's id (the key
/// of a passing is box, file and number). <see cref="ChipRead.Detail"/>: see <see cref="RaceResultFields"/>. A bib
/// belongs to the bib set in Detail; it is not joined to the chip.
/// </remarks>
struct RaceResultProtocol : ITextProtocol
{
    const int LeastFields = 4;
    const int TimeWithMilliseconds = 12;

    // An upload names an active chip far behind its bib: a line of one that is cut off must not give the bib.
    bool _uploads;

    public static bool EmptyLineEndsFetch => true;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> line = frame.Text;
        // A pushed passing begins at its mark, even if the line before it has lost its end.
        int next = RaceResultFields.NextPushed(line);
        output.Length = next;
        bool isCutOff = frame.IsCutOff || next > 0;
        line = next > 0 ? line[..next] : line;
        bool isPushed = line.StartsWith("#P;"u8);
        if (isPushed || line[0] is >= (byte)'0' and <= (byte)'9')
            return TakePassing(isPushed ? line[3..] : line, frame, isCutOff, ref read, ref output);
        if (line.StartsWith("ONLY "u8) && line.Contains((byte)';'))
        {
            output.Length = 5;
            output.Add(ControlKind.Response);
            return RejectReason.None;
        }

        return isCutOff ? RejectReason.Truncated : TakeAnswer(line, ref output);
    }

    RejectReason TakePassing(
        ReadOnlySpan<byte> line, in Frame frame, bool isCutOff, ref ChipRead read, ref FrameOutput output)
    {
        FieldList fields = new(line, (byte)';');
        if (fields.Count == 1 && !isCutOff && IsFetch(line))
        {
            output.Add(ControlKind.Unknown);
            return RejectReason.None;
        }

        if (fields.Count < LeastFields)
            return RejectReason.TooFewFields;
        if (!AsciiNumber.TryUnsigned(fields[0], out long number))
            return RejectReason.BadNumber;
        read.Number = number;
        RaceResultColumns columns = new(fields);
        _uploads |= columns.IsUpload;
        if (isCutOff && ((_uploads && !columns.IsUpload)
            || (fields.Count == LeastFields && fields[3].Length < TimeWithMilliseconds)))
            return RejectReason.Truncated;
        RejectReason reason = RaceResultTime.Read(fields[2], fields[3], columns.IsSeconds, ref read);
        if (reason != RejectReason.None)
            return reason;
        bool isActive = !columns.IsSeconds && IsSet(fields[columns.Active], ref read);
        ReadOnlySpan<byte> chip = fields[columns.IsUpload && isActive ? RaceResultColumns.UploadedCode : 1];
        if (RaceResultFields.IsTrigger(chip))
        {
            read.Kind = ReadKind.Gun;
            output.Add(ControlKind.Gun, number);
        }
        else if ((reason = ReadFields.Chip(chip, ref read)) != RejectReason.None)
        {
            return reason;
        }

        if (!isCutOff)
            read.Point = frame.PointOf(fields[columns.Box]);
        if (!columns.IsSeconds)
            TakeRest(fields, columns, isActive, ref read);
        output.HasRead = true;
        return RejectReason.None;
    }

    /// <summary>The host's <c>start:count</c>, where its commands come back.</summary>
    static bool IsFetch(ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        return colon > 0 && AsciiNumber.TryUnsigned(line[..colon], out _)
            && AsciiNumber.TryUnsigned(line[(colon + 1)..], out _);
    }

    static void TakeRest(in FieldList fields, in RaceResultColumns columns, bool isActive, ref ChipRead read)
    {
        ReadFields.Hits(fields[5], ref read);
        Rssi(fields[6], isActive, ref read);
        read.Antenna = ReadFields.Small(fields[isActive ? columns.Loop : columns.Antenna], ref read);
        ulong detail = RaceResultFields.File(ReadFields.Small(fields[columns.File], ref read));
        if (TryOptional(fields[4], uint.MaxValue, ref read, out long value))
            detail |= RaceResultFields.Event(value);
        if (TryOptional(fields[columns.Channel], 15, ref read, out value))
            detail |= RaceResultFields.Channel(value);
        if (IsSet(fields[columns.LoopOnly], ref read))
            detail |= RaceResultFields.StoreMode;
        if (TryOptional(fields[columns.ActiveData], long.MaxValue, ref read, out value)
            && (value & RaceResultFields.StoredBit) != 0)
            read.Flags |= ReadFlags.Rewind;
        read.Detail = detail | Battery(fields[columns.Battery], ref read);
    }

    /// <summary>Of an active chip a packed byte, unless it is negative: then it is dBm as of a passive one.</summary>
    static void Rssi(ReadOnlySpan<byte> field, bool isActive, ref ChipRead read)
    {
        if (isActive && !field.StartsWith("-"u8))
            read.RssiCentiDbm = TryOptional(field, byte.MaxValue, ref read, out long packed)
                ? RaceResultFields.ActiveRssi(packed)
                : ChipRead.NoRssi;
        else
            ReadFields.Rssi(field, ref read);
    }

    static ulong Battery(ReadOnlySpan<byte> field, ref ChipRead read)
    {
        if (field.IsEmpty)
            return 0;
        Span<byte> buffer = stackalloc byte[16];
        if (ScaledNumber.TryParse(ScaledNumber.WithPoint(field, buffer), 1, out long tenths)
            && tenths is >= 0 and <= byte.MaxValue)
            return RaceResultFields.Battery(tenths);
        ReadFields.Dropped(!field.IsEmpty, ref read);
        return 0;
    }

    static bool TryOptional(ReadOnlySpan<byte> field, long most, ref ChipRead read, out long value)
    {
        bool taken = AsciiNumber.TryUnsigned(field, out value) && value <= most;
        ReadFields.Dropped(!taken && !field.IsEmpty, ref read);
        return taken;
    }

    static bool IsSet(ReadOnlySpan<byte> field, ref ChipRead read) =>
        TryOptional(field, 1, ref read, out long value) && value == 1;

    static RejectReason TakeAnswer(ReadOnlySpan<byte> line, ref FrameOutput output)
    {
        if (line[0] == '#')
        {
            output.Add(line.SequenceEqual("#KEEPALIVE"u8) ? ControlKind.KeepAlive : ControlKind.Unknown);
            return RejectReason.None;
        }

        if (line.StartsWith("ONLY "u8))
        {
            output.Add(ControlKind.Response, AsciiNumber.TryUnsigned(line[5..], out long count) ? count : 0);
            return RejectReason.None;
        }

        FieldList fields = new(line, (byte)';');
        ReadOnlySpan<byte> name = fields[0];
        if (name.Length < 4 || name.ContainsAnyExceptInRange((byte)'A', (byte)'Z'))
            return RejectReason.UnknownFrame;
        if (name.SequenceEqual("GETTIME"u8) && fields.Count > 2)
            return TakeClock(fields, ref output);
        if (name.SequenceEqual("PASSINGS"u8))
            output.Add(ControlKind.Response, AsciiNumber.TryUnsigned(fields[1], out long passings) ? passings : 0);
        else
            output.Add(name.SequenceEqual("PING"u8) ? ControlKind.KeepAlive
                : name.SequenceEqual("GETSTATUS"u8) ? ControlKind.Status
                : ControlKind.Response);
        return RejectReason.None;
    }

    /// <summary>A clock with a date says its ticks; one without, 0.</summary>
    static RejectReason TakeClock(in FieldList fields, ref FrameOutput output)
    {
        ChipRead clock = default;
        RejectReason reason = RaceResultTime.Read(fields[1], fields[2], false, ref clock);
        if (reason == RejectReason.None)
            output.Add(ControlKind.Clock, (clock.Flags & ReadFlags.NoDate) == 0 ? clock.Time : 0);
        return reason;
    }
}

/// <summary>Where the fields of a passing stand; one that the layout does not have stands behind the last.</summary>
readonly struct RaceResultColumns
{
    /// <summary>The chip code of an active chip in an upload of 19 fields.</summary>
    public const int UploadedCode = 8;

    const int UploadOfSeconds = 11;
    const int OneLess = 19;

    readonly int _active; // More columns than a decoder's own before the flag "active"…
    readonly int _rest; // … and behind the loop.

    /// <summary>
    /// Finds the layout by the number of fields: 11 with seconds for a time is an upload of which only the time is
    /// explained; 19 is the other upload where there is a date, and an export without the column "loop only" where
    /// there is none. All else is the decoder's own layout as far as it goes.
    /// </summary>
    public RaceResultColumns(in FieldList fields)
    {
        bool hasDate = !fields[2].IsEmpty;
        IsSeconds = fields.Count == UploadOfSeconds && hasDate && !fields[3].Contains((byte)':');
        // A decoder's own line without its last field has a flag where the upload has a chip code.
        if (fields.Count == OneLess && hasDate && fields[UploadedCode].Length != 1)
            _active = _rest = 2;
        else if (fields.Count == OneLess && !hasDate)
            _rest = -1;
    }

    public bool IsSeconds { get; }

    public bool IsUpload => _active > 0;

    public int Active => 8 + _active;

    public int Channel => 9 + _active;

    public int Loop => 10 + _active;

    public int LoopOnly => _rest < 0 ? FieldList.Most : 11 + _rest;

    public int Battery => 13 + _rest;

    public int ActiveData => 15 + _rest;

    public int File => 17 + _rest;

    public int Antenna => 18 + _rest;

    public int Box => 19 + _rest;
}

/// <summary>Date and time of a decoder.</summary>
static class RaceResultTime
{
    /// <summary>Sets time and flags from a date, which may be empty or zero, and a time of day or its decimal
    /// seconds.</summary>
    public static RejectReason Read(ReadOnlySpan<byte> date, ReadOnlySpan<byte> time, bool isSeconds, ref ChipRead read)
    {
        long day = 0;
        if (date.IsEmpty)
            read.Flags |= ReadFlags.NoDate;
        else if (TryZeroDate(date, out day))
            read.Flags |= ReadFlags.NoDate | ReadFlags.ClockNotSet;
        else if (!AsciiTime.TryDate(date, out day))
            return RejectReason.BadTime;
        if (!(isSeconds ? TrySecondsOfDay(time, out long ticks) : AsciiTime.TryTimeOfDay(time, out ticks)))
            return RejectReason.BadTime;
        read.Time = day + ticks;
        return RejectReason.None;
    }

    static bool TryZeroDate(ReadOnlySpan<byte> date, out long day)
    {
        int days = date.Length == 10 && date.StartsWith("0000-00-"u8) ? AsciiNumber.TwoDigits(date, 8) : -1;
        day = Math.Max(days, 0) * EpochTime.TicksPerDay;
        return days >= 0;
    }

    static bool TrySecondsOfDay(ReadOnlySpan<byte> time, out long ticks) =>
        AsciiTime.TrySeconds(time, out ticks) && ticks < EpochTime.TicksPerDay;
}
