using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Notifications of Alien readers in text, terse and XML form, and the <c>key=value</c> lines of a tag list. Written
/// from the vendor's manuals and a book; only printed samples are known. A custom format needs its template and is not
/// read.
/// </summary>
/// <remarks>
/// <para><see cref="ChipRead.Time"/> is the reader's wall clock at the discovery of the tag (<c>Disc</c>), so a tag
/// that stays is told again with the same time; <see cref="ChipRead.Detail"/> is how many ms later it was last seen.
/// Terse lines have no time: the block's <c>#Time</c> stands in, or the arrival where there is none. Antennas count
/// from 0, as the reader does.
/// </para>
/// <para>Blanks in a tag are not part of it. Keys are matched by name; a line cut off needs its count or antenna to be
/// taken. The time zone's letters in a tag list (<c>PDT</c>) say nothing certain and are not used.</para>
/// </remarks>
struct AlienProtocol : ITextProtocol
{
    long? _blockTime; // Ticks of the block's wall clock; an unset clock may show 0.
    AlienTag _tag; // What was told of the XML tag that is open.
    bool _inTag;

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> line = frame.Text;
        if (line[0] == '#')
            return TakeHeader(line, ref output);
        if (line.Contains((byte)'<'))
        {
            bool isOpen = _inTag || line.StartsWith("<Alien-RFID-Tag>"u8);
            return frame.IsCutOff && isOpen && line.IndexOf("</Alien-RFID-Tag>"u8) < 0
                ? RejectReason.Truncated
                : TakeXml(line, ref read, ref output);
        }

        AlienTag tag = default;
        if (line.StartsWith("Tag:"u8) || line.StartsWith("Tag="u8))
        {
            if (!tag.TakeKeys(line) && frame.IsCutOff)
                return RejectReason.Truncated;
        }
        else if (line.StartsWith("(No Tags)"u8))
        {
            output.Add(ControlKind.KeepAlive);
            return RejectReason.None;
        }
        else if (!frame.IsStart || !tag.TakeTerse(line, frame.IsCutOff)) // Behind an element it is one that was cut.
        {
            return RejectReason.UnknownFrame;
        }

        output.HasRead = true;
        return tag.Fill(_blockTime, ref read);
    }

    RejectReason TakeHeader(ReadOnlySpan<byte> line, ref FrameOutput output)
    {
        if (line.StartsWith("#Time:"u8))
            return TakeBlockTime(line[6..].Trim((byte)' '), ref output);
        bool begins = line.StartsWith("#Alien"u8);
        if (begins || line.StartsWith("#End"u8))
            _blockTime = null;
        output.Add(begins ? ControlKind.Greeting : ControlKind.Status);
        return RejectReason.None;
    }

    RejectReason TakeBlockTime(ReadOnlySpan<byte> text, ref FrameOutput output)
    {
        if (!AsciiTime.TryDateAndTime(text, out long ticks))
            return RejectReason.BadTime;
        _blockTime = ticks;
        output.Add(ControlKind.Clock, ticks);
        return RejectReason.None;
    }

    /// <summary>One element, with its value where it has one on the line.</summary>
    RejectReason TakeXml(ReadOnlySpan<byte> line, ref ChipRead read, ref FrameOutput output)
    {
        int start = line.IndexOf((byte)'<');
        if (start != 0)
        {
            output.Length = start > 0 ? start : 0;
            return line[..(start > 0 ? start : line.Length)].ContainsAnyExcept((byte)' ', (byte)'\t')
                ? RejectReason.UnknownFrame
                : RejectReason.None;
        }

        int end = line.IndexOf((byte)'>');
        if (end < 0)
            return RejectReason.BadSyntax;
        output.Length = end + 1;
        ReadOnlySpan<byte> name = line[1..end];
        if (name.SequenceEqual("Alien-RFID-Tag"u8))
        {
            // A tag that was not closed is lost, and said to be.
            bool isOpen = _inTag;
            _tag = default;
            _inTag = true;
            return isOpen ? RejectReason.Truncated : RejectReason.None;
        }

        if (name.SequenceEqual("/Alien-RFID-Tag"u8) && _inTag)
        {
            _inTag = false;
            output.HasRead = true;
            return _tag.Fill(_blockTime, ref read);
        }

        return TakeElement(name, line[(end + 1)..], ref output);
    }

    RejectReason TakeElement(ReadOnlySpan<byte> name, ReadOnlySpan<byte> behind, ref FrameOutput output)
    {
        int length = behind.IndexOf((byte)'<');
        bool hasValue = length >= 0 && behind[(length + 1)..].StartsWith("/"u8) && behind[(length + 2)..].StartsWith(name);
        if (hasValue)
        {
            ReadOnlySpan<byte> value = behind[..length].Trim((byte)' ');
            output.Length += length + 2 + name.Length;
            output.Length += behind.Length > length + 2 + name.Length ? 1 : 0;
            if (_inTag)
                _tag.Note(name, value);
            else if (name.SequenceEqual("Time"u8))
                return TakeBlockTime(value, ref output);
        }

        // What is no value of a tag that is open belongs to it all the same: the read tells of the whole.
        if (_inTag)
            return RejectReason.None;
        if (name.StartsWith("/Alien-RFID-Reader-Auto"u8))
            _blockTime = null;
        output.Add(name.IndexOf("Heartbeat"u8) >= 0 ? ControlKind.KeepAlive : ControlKind.Status);
        return RejectReason.None;
    }
}

/// <summary>What a notification says of one tag.</summary>
struct AlienTag
{
    ChipCode _chip;
    RejectReason _reason; // Why there is no chip or no time, although the tag names one.
    bool _named;
    bool _dropped;
    long? _first;
    long? _last;
    int _hits;
    ushort _antenna;

    /// <summary><c>Tag:… , Disc:…</c> or <c>Tag=…  Disc=…</c>.</summary>
    /// <returns>Something stands behind the tag and its time that may be cut off without harm.</returns>
    public bool TakeKeys(ReadOnlySpan<byte> line)
    {
        bool equals = line[3] == '=';
        bool whole = false;
        while (!line.IsEmpty)
        {
            int length = equals ? line.IndexOf("  "u8) : line.IndexOf((byte)',');
            ReadOnlySpan<byte> pair = (length < 0 ? line : line[..length]).Trim((byte)' ');
            line = length < 0 ? default : line[(length + 1)..].TrimStart((byte)' ');
            int sign = pair.IndexOf(equals ? (byte)'=' : (byte)':');
            if (sign < 0)
                continue;
            ReadOnlySpan<byte> key = pair[..sign];
            Note(key, pair[(sign + 1)..].Trim((byte)' '));
            whole |= key.SequenceEqual("Ant"u8) || key.SequenceEqual("Count"u8);
        }

        return whole;
    }

    /// <summary><c>tag,count,antenna</c>.</summary>
    public bool TakeTerse(ReadOnlySpan<byte> line, bool isCutOff)
    {
        FieldList fields = new(line, (byte)',');
        if (fields.Count != 3 || (isCutOff && fields[2].IsEmpty) || !IsHex(fields[0]))
            return false;
        Note("Tag"u8, fields[0]);
        Note("Count"u8, fields[1]);
        Note("Ant"u8, fields[2]);
        return true;
    }

    static bool IsHex(ReadOnlySpan<byte> text)
    {
        foreach (byte b in text)
        {
            if (b != ' ' && AsciiNumber.HexValue(b) > 15)
                return false;
        }

        return text.Length >= 4;
    }

    public void Note(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (key.SequenceEqual("Tag"u8) || key.SequenceEqual("TagID"u8))
            NoteChip(value);
        else if (key.SequenceEqual("Disc"u8) || key.SequenceEqual("DiscoveryTime"u8))
            NoteTime(value, ref _first);
        else if (key.SequenceEqual("Last"u8) || key.SequenceEqual("LastSeenTime"u8))
            NoteTime(value, ref _last);
        else if (key.SequenceEqual("Count"u8) || key.SequenceEqual("ReadCount"u8))
            _hits = NumberUpTo(int.MaxValue, value);
        else if (key.SequenceEqual("Ant"u8) || key.SequenceEqual("Antenna"u8))
            _antenna = (ushort)NumberUpTo(ushort.MaxValue, value);
    }

    int NumberUpTo(int most, ReadOnlySpan<byte> text)
    {
        if (AsciiNumber.TryUnsigned(text, out long number) && number <= most)
            return (int)number;
        _dropped = true;
        return 0;
    }

    void NoteChip(ReadOnlySpan<byte> text)
    {
        Span<byte> chip = stackalloc byte[ChipCode.MaxTextLength];
        int length = 0;
        _named = true;
        foreach (byte b in text)
        {
            if (b == ' ')
                continue;
            if (length == chip.Length)
            {
                _reason = RejectReason.ChipTooLong;
                return;
            }

            chip[length++] = b;
        }

        ChipRead read = default;
        _reason = ReadFields.Chip(chip[..length], ref read);
        _chip = read.Chip;
    }

    void NoteTime(ReadOnlySpan<byte> text, ref long? time)
    {
        if (AsciiTime.TryDateAndTime(text, out long ticks) || AsciiTime.TryWeekdayForm(text, out ticks))
            time = ticks;
        else
            _reason = _reason == RejectReason.None ? RejectReason.BadTime : _reason;
    }

    /// <summary>Turns it into a read.</summary>
    public readonly RejectReason Fill(long? blockTime, ref ChipRead read)
    {
        if (!_named)
            return RejectReason.NoChip;
        if (_reason != RejectReason.None)
            return _reason;
        read.Chip = _chip;
        read.Hits = Math.Max(1, _hits);
        read.Antenna = _antenna;
        long? time = _first ?? _last ?? blockTime;
        read.Time = time ?? 0;
        read.Flags = (time is null ? ReadFlags.NoTime : ReadFlags.None)
            | (_dropped ? ReadFlags.FieldDropped : ReadFlags.None);
        if (_last > _first)
            read.Detail = (ulong)((_last.Value - _first.Value) / EpochTime.TicksPerMillisecond);
        return RejectReason.None;
    }
}
