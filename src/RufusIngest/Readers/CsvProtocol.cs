using System.Runtime.CompilerServices;
using RufusIngest.Readers.Framing;
using RufusIngest.Reads;

namespace RufusIngest.Readers;

/// <summary>
/// Files of timing programs and spreadsheets: a row a read, in columns that the operator names
/// (<see cref="CsvColumns.Parse"/>).
/// </summary>
/// <remarks>
/// <para>Fields may be quoted, with doubled quotes inside; a quoted line end ends the row all the same. Blanks and tabs around
/// a field do not count; a BOM, empty rows and separators at the end of a row are passed over. A first row without a
/// readable time is the header, a <see cref="ControlKind.Status"/>. A decimal comma is understood where commas do not
/// separate.</para>
/// <para><see cref="ChipRead.Time"/> is local, <see cref="ReadFlags.NoDate"/> where neither time nor date column tells the day,
/// UTC only in a <c>unix</c> column and where a time states its zone. The order of day and month is what the column says and
/// never guessed.</para>
/// </remarks>
struct CsvProtocol(CsvColumns columns) : ITextProtocol
{
    // What is beyond is of no use in a column that the library knows.
    const int LongestText = 64;
    const long DaysFrom1899To1970 = 25_569;
    const long TicksPerStep = EpochTime.TicksPerMillisecond / 10;
    const long TicksPerBillionthOfDay = EpochTime.TicksPerDay / 1_000_000_000;

    readonly CsvColumns? _columns = columns;
    bool _begun;

    public static CsvProtocol Parse(string parameters) =>
        new(parameters.Length == 0 ? CsvColumns.Usual : CsvColumns.Parse(parameters));

    public RejectReason Take(in Frame frame, ref ChipRead read, ref FrameOutput output)
    {
        ReadOnlySpan<byte> row = frame.Text;
        bool isFirst = !_begun;
        _begun = true;
        if (isFirst && row.StartsWith("\uFEFF"u8))
            row = row[3..];
        RejectReason reason = TakeRow(row, frame, ref read, out bool hasTime);
        output.HasRead = reason == RejectReason.None;
        if (output.HasRead || !isFirst || hasTime || frame.IsCutOff)
            return reason;
        output.Add(ControlKind.Status);
        return RejectReason.None;
    }

    [SkipLocalsInit]
    readonly RejectReason TakeRow(ReadOnlySpan<byte> row, in Frame frame, ref ChipRead read, out bool hasTime)
    {
        CsvColumns columns = _columns ?? CsvColumns.Usual;
        RejectReason reason = RejectReason.None;
        long date = 0;
        bool hasDate = false;
        hasTime = false;
        int column = 0;
        Span<byte> buffer = stackalloc byte[LongestText];
        CsvFields fields = new(row, columns.Separator);
        while (column < columns.Columns.Length && fields.Next())
        {
            ReadOnlySpan<byte> field = fields.Text(buffer);
            CsvColumn kind = columns.Columns[column++];
            bool isTime = CsvColumns.IsTime(kind);
            // Of a bad row only the time still matters: it tells a header.
            if (reason != RejectReason.None && !isTime)
                continue;
            RejectReason found;
            if (CsvColumns.IsDate(kind))
            {
                hasDate = TryDate(kind, field, out date);
                found = hasDate || field.IsEmpty ? RejectReason.None : RejectReason.BadTime;
            }
            else
            {
                found = TakeField(kind, field, frame, ref read);
                hasTime |= isTime && found == RejectReason.None;
            }

            reason = reason == RejectReason.None ? found : reason;
        }

        if (reason == RejectReason.None && column < columns.Required)
            return RejectReason.TooFewFields;
        if (hasDate && (read.Flags & ReadFlags.NoDate) != 0)
        {
            read.Time += date;
            read.Flags &= ~ReadFlags.NoDate;
        }

        return reason;
    }

    static RejectReason TakeField(CsvColumn kind, ReadOnlySpan<byte> field, in Frame frame, ref ChipRead read)
    {
        switch (kind)
        {
            case CsvColumn.Chip:
                return ReadFields.Chip(field, ref read);
            case CsvColumn.Time or CsvColumn.TimeDayFirst or CsvColumn.TimeMonthFirst:
                return TryTime(kind, field, ref read) ? RejectReason.None : RejectReason.BadTime;
            case CsvColumn.Unix:
                read.Flags |= ReadFlags.ZoneKnown;
                return Take(AsciiTime.TryUnix(field, out long unix), unix, ref read);
            case CsvColumn.Days:
                return TakeDays(field, ref read);
            case CsvColumn.Antenna:
                read.Antenna = ReadFields.Small(field, ref read);
                break;
            case CsvColumn.Rssi:
                ReadFields.Rssi(field, ref read);
                break;
            case CsvColumn.Hits:
                ReadFields.Hits(field, ref read);
                break;
            case CsvColumn.Number:
                ReadFields.Number(field, ref read);
                break;
            case CsvColumn.Reader:
                read.SubReader = ReadFields.Small(field, ref read);
                break;
            case CsvColumn.Point:
                read.Point = frame.PointOf(field);
                break;
        }

        return RejectReason.None;
    }

    static RejectReason Take(bool good, long ticks, ref ChipRead read)
    {
        read.Time = ticks;
        return good ? RejectReason.None : RejectReason.BadTime;
    }

    static bool TryTime(CsvColumn kind, ReadOnlySpan<byte> text, ref ChipRead read)
    {
        long ticks;
        if (AsciiTime.TryTimeOfDay(text, out ticks))
        {
            read.Flags |= ReadFlags.NoDate;
        }
        else if (kind == CsvColumn.Time)
        {
            if (IsoTimestamp.TryParse(text, out ticks, out ReadFlags flags))
                read.Flags |= flags;
            else if (!AsciiTime.TryDateAndTime(text, out ticks) && !AsciiTime.TryWeekdayForm(text, out ticks))
                return false;
        }
        else if (kind == CsvColumn.TimeDayFirst ? !AsciiTime.TryDayFirst(text, out ticks) : !AsciiTime.TryMonthFirst(text, out ticks))
        {
            return false;
        }

        read.Time = ticks;
        return true;
    }

    static bool TryDate(CsvColumn kind, ReadOnlySpan<byte> text, out long ticks) => kind switch
    {
        CsvColumn.DateDayFirst => AsciiTime.TryDateDayFirst(text, out ticks),
        CsvColumn.DateMonthFirst => AsciiTime.TryDateMonthFirst(text, out ticks),
        _ => AsciiTime.TryDate(text, out ticks),
    };

    static RejectReason TakeDays(ReadOnlySpan<byte> field, ref ChipRead read)
    {
        Span<byte> buffer = stackalloc byte[LongestText];
        const int Decimals = 9;
        const long Day = 1_000_000_000;
        if (!ScaledNumber.TryParse(ScaledNumber.WithPoint(field, buffer), Decimals, out long days)
            || days < 0 || days > 2_900_000 * Day)
            return RejectReason.BadTime;
        read.Flags |= days < Day ? ReadFlags.NoDate : ReadFlags.None;
        // What a spreadsheet writes hits a millisecond only nearly; cut off, it would be the one before.
        long ticks = ((days * TicksPerBillionthOfDay) + (TicksPerStep / 2)) / TicksPerStep * TicksPerStep;
        read.Time = ticks - (days < Day ? 0 : DaysFrom1899To1970 * EpochTime.TicksPerDay);
        return RejectReason.None;
    }
}
