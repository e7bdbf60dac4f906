using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>The rows of a One4All with fields, and what stands around them in files.</summary>
static class MacshaRow
{
    const int ZoneLength = 9; // GMT-06:00

    /// <summary><c>number;prefix;chip;yyyy-MM-dd;HH:mm:ss.kkk;antenna;seen;code</c> of generation 5.</summary>
    public static RejectReason ReadPassing(in FieldList fields, ref ChipRead read)
    {
        if (fields.Count < 8)
            return RejectReason.TooFewFields;
        ReadOnlySpan<byte> prefix = fields[1];
        ReadOnlySpan<byte> number = fields[2];
        Span<byte> chip = stackalloc byte[ChipCode.MaxTextLength];
        if (number.IsEmpty)
            return RejectReason.NoChip;
        if (prefix.Length + number.Length > chip.Length)
            return RejectReason.ChipTooLong;
        prefix.CopyTo(chip);
        number.CopyTo(chip[prefix.Length..]);
        RejectReason reason = ReadChip(chip[..(prefix.Length + number.Length)], ref read);
        if (reason != RejectReason.None)
            return reason;
        if (!AsciiTime.TryDate(fields[3], out long date) || !AsciiTime.TryTimeOfDay(fields[4], out long time))
            return RejectReason.BadTime;
        read.Time = date + time;
        read.Antenna = ReadFields.Small(fields[5], ref read);
        ReadFields.Hits(fields[6], ref read);
        KeepCode(fields[7], ref read);
        return RejectReason.None;
    }

    static void KeepCode(ReadOnlySpan<byte> code, ref ChipRead read)
    {
        if (code.Length > sizeof(ulong))
        {
            read.Flags |= ReadFlags.FieldDropped;
            return;
        }

        for (int i = 0; i < code.Length; i++)
            read.Detail |= (ulong)code[i] << (8 * i);
    }

    /// <summary><c>chip;yyyy/MM/dd;entry;exit;antenna;seen</c> of generation 4.</summary>
    public static RejectReason ReadSession(in FieldList fields, bool entry, ref ChipRead read)
    {
        if (fields.Count < 6)
            return RejectReason.TooFewFields;
        RejectReason reason = ReadChip(fields[0], ref read);
        if (reason != RejectReason.None)
            return reason;
        if (!AsciiTime.TryDate(fields[1], out long date) || !AsciiTime.TryTimeOfDay(fields[2], out long first)
            || !AsciiTime.TryTimeOfDay(fields[3], out long last))
            return RejectReason.BadTime;
        SetStay(date, first, last, entry, ref read);
        read.Antenna = ReadFields.Small(fields[4], ref read);
        ReadFields.Hits(fields[5], ref read);
        return RejectReason.None;
    }

    /// <summary>The time of record, and how long the chip was there. The date is that of the entry.</summary>
    public static void SetStay(long date, long first, long last, bool entry, ref ChipRead read)
    {
        long stay = last >= first ? last - first : last - first + EpochTime.TicksPerDay;
        read.Time = date + first + (entry ? 0 : stay);
        read.Detail = (ulong)(stay / EpochTime.TicksPerMillisecond);
    }

    /// <summary>
    /// <c>passing;bib;date_time;latitude;longitude;status;chip;participant_id;timezone</c> of the cloud, which seldom
    /// names the chip.
    /// </summary>
    public static RejectReason ReadCloud(in FieldList fields, bool isCutOff, ref ChipRead read)
    {
        bool hasChip = !fields[6].IsEmpty;
        RejectReason reason = ReadChip(hasChip ? fields[6] : fields[1], ref read);
        if (reason != RejectReason.None)
            return reason;
        if (!AsciiTime.TryDateAndTime(fields[2], out long time))
            return RejectReason.BadTime;
        bool hasZone = TryZone(fields[8], out long offset);
        if (isCutOff && fields.Count == 9 && !(hasZone && fields[8].Length == ZoneLength))
            return RejectReason.Truncated;
        read.Detail = hasChip ? 0UL : 1;
        read.Time = time - offset;
        read.Flags |= hasZone ? ReadFlags.ZoneKnown : ReadFlags.None;
        ReadFields.Dropped(!hasZone && !fields[8].IsEmpty, ref read);
        if (ScaledNumber.TryParse(fields[3], 7, out long latitude) && latitude is >= -900_000_000 and <= 900_000_000
            && ScaledNumber.TryParse(fields[4], 7, out long longitude)
            && longitude is >= -1_800_000_000 and <= 1_800_000_000)
        {
            read.LatitudeE7 = (int)latitude;
            read.LongitudeE7 = (int)longitude;
            read.Flags |= ReadFlags.HasPosition;
        }
        else
        {
            ReadFields.Dropped(!fields[3].IsEmpty || !fields[4].IsEmpty, ref read);
        }

        return RejectReason.None;
    }

    /// <summary><c>GMT</c>, or with hours and minutes east (+) or west of it.</summary>
    static bool TryZone(ReadOnlySpan<byte> zone, out long offset)
    {
        offset = 0;
        if (zone.SequenceEqual("GMT"u8))
            return true;
        if (zone.Length != ZoneLength || !zone.StartsWith("GMT"u8) || zone[6] != ':'
            || zone[3] is not ((byte)'+' or (byte)'-'))
            return false;
        int hours = AsciiNumber.TwoDigits(zone, 4);
        int minutes = AsciiNumber.TwoDigits(zone, 7);
        if ((uint)hours > 23 || (uint)minutes > 59)
            return false;
        offset = ((hours * 60) + minutes) * TimeSpan.TicksPerMinute;
        offset = zone[3] == '+' ? offset : -offset;
        return true;
    }

    /// <summary>A chip that the box could not read has a name of its own.</summary>
    public static RejectReason ReadChip(ReadOnlySpan<byte> text, ref ChipRead read) =>
        text.SequenceEqual("VOIDTAG"u8) ? RejectReason.NoChip : ReadFields.Chip(text, ref read);

    /// <summary>
    /// <c>ID2-20210102-030405- 12-e: 99_1</c> before and <c>20210102-060708-99</c> behind the rows.
    /// </summary>
    public static bool IsHeaderOrFooter(ReadOnlySpan<byte> row)
    {
        if (row.StartsWith("ID"u8))
            row = row[(row.IndexOf((byte)'-') + 1)..];
        return row.Length > 16 && row[8] == '-' && row[15] == '-'
            && AsciiNumber.TryUnsigned(row[..8], out _) && AsciiNumber.TryUnsigned(row[9..15], out _);
    }
}

/// <summary>
/// A row of generations 3 and 4 in columns: <c>LY00007D20160102T030405006T030407008A2R009TV</c>: chip, date, time of
/// entry and exit, antenna, times seen; what the last two letters say is not known.
/// </summary>
static class MacshaFixedRow
{
    /// <summary>Bytes without which a row is none.</summary>
    public const int Least = 41;

    /// <summary>Bytes that a row is put together to, at most.</summary>
    public const int Most = 44;

    // n: a digit; c: a digit or capital letter.
    static ReadOnlySpan<byte> Columns => "cccccccDnnnnnnnnTnnnnnnnnnTnnnnnnnnnAnRnnncc"u8;

    /// <summary>It is meant as a row: the mark of the date is in its place.</summary>
    public static bool IsOne(ReadOnlySpan<byte> row) => row.Length > 7 && row[7] == 'D';

    /// <summary>
    /// The beginning of a row, with its chip at least, or all of it. Only what is put together is held against that: a
    /// row that came in one piece may differ behind its times.
    /// </summary>
    public static bool Fits(ReadOnlySpan<byte> row)
    {
        for (int i = 0; i < row.Length; i++)
        {
            bool isDigit = row[i] is >= (byte)'0' and <= (byte)'9';
            bool fits = Columns[i] switch
            {
                (byte)'n' => isDigit,
                (byte)'c' => isDigit || row[i] is >= (byte)'A' and <= (byte)'Z',
                byte mark => row[i] == mark,
            };
            if (!fits)
                return false;
        }

        return IsOne(row);
    }

    /// <summary>Copies a text without its line ends.</summary>
    /// <returns>The length, or 0 when it is longer than a row.</returns>
    public static int Join(ReadOnlySpan<byte> text, Span<byte> row)
    {
        int length = 0;
        foreach (byte b in text)
        {
            if (b is (byte)'\r' or (byte)'\n')
                continue;
            if (length == row.Length)
                return 0;
            row[length++] = b;
        }

        return length;
    }

    public static RejectReason Read(ReadOnlySpan<byte> row, bool entry, ref ChipRead read)
    {
        RejectReason reason = MacshaRow.ReadChip(row[..7], ref read);
        if (reason != RejectReason.None)
            return reason;
        if (row[16] != 'T' || row[26] != 'T' || !TryDate(row[8..16], out long date)
            || !TryTime(row[17..26], out long first) || !TryTime(row[27..36], out long last))
            return RejectReason.BadTime;
        MacshaRow.SetStay(date, first, last, entry, ref read);
        ReadOnlySpan<byte> rest = row[37..];
        int mark = row[36] == 'A' ? rest.IndexOf((byte)'R') : -1;
        ReadFields.Dropped(mark < 0, ref read);
        if (mark >= 0)
        {
            read.Antenna = ReadFields.Small(rest[..mark], ref read);
            ReadFields.Hits(rest[(mark + 1)..Math.Min(mark + 4, rest.Length)], ref read);
        }

        return RejectReason.None;
    }

    static bool TryDate(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        return AsciiNumber.TryUnsigned(text, out long date) && EpochTime.TryFromParts(
            (int)(date / 10_000), (int)(date / 100 % 100), (int)(date % 100), 0, 0, 0, out ticks);
    }

    static bool TryTime(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        if (!AsciiNumber.TryUnsigned(text, out long time))
            return false;
        int minute = (int)(time / 100_000 % 100);
        int second = (int)(time / 1_000 % 100);
        if (!EpochTime.TryFromParts(1970, 1, 1, (int)(time / 10_000_000), minute, second, out ticks))
            return false;
        ticks += time % 1_000 * EpochTime.TicksPerMillisecond;
        return true;
    }
}
