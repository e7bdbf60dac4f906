using System.Buffers.Binary;
using System.Text;

namespace RufusIngest.Journal;

/// <summary>Which table a row has the shape of; its sums and checks then say whether it is one of it.</summary>
enum RowShape
{
    None,
    Record,
    Passing,
    Session,
    SetAside,
}

/// <summary>
/// A row as it lies in a leaf page of a SQLite table, read without the tree above it. The format is the one of the
/// SQLite documentation ("Database file format"). Bounds are checked everywhere: the page may hold anything.
/// </summary>
sealed class CarvedRow(SqlitePages pages)
{
    const int MaxColumns = 9;
    const int NullType = 0;

    readonly byte[] _overflow = new byte[pages.PageSize];
    readonly long[] _types = new long[MaxColumns];
    readonly int[] _starts = new int[MaxColumns + 1];
    byte[] _payload = new byte[64 * 1024];
    int _length;

    public long Id { get; private set; }

    public RowShape Shape { get; private set; }

    /// <summary>Takes the cell at an offset of a page apart.</summary>
    /// <param name="page">The page.</param>
    /// <param name="offset">Where the cell begins.</param>
    /// <param name="head">Only the first page's part is needed: columns behind it are empty.</param>
    /// <returns>False: no row of a journal's table begins there.</returns>
    public bool TryRead(ReadOnlySpan<byte> page, int offset, bool head)
    {
        Shape = RowShape.None;
        if (!TryVarint(page, ref offset, out long length) || !TryVarint(page, ref offset, out long id)
            || length is < 2 or > int.MaxValue || length > (long)pages.Count * pages.PageSize)
            return false;
        Id = id;
        _length = (int)length;
        int local = Local(_length);
        if (page.Length - offset < local)
            return false;
        if (_payload.Length < _length)
            _payload = new byte[_length];
        page.Slice(offset, local).CopyTo(_payload);
        if (!TryColumns(local))
            return false;
        if (!head && local < _length)
            ReadOverflow(page[(offset + local)..], local);
        return true;
    }

    public long Integer(int column)
    {
        ReadOnlySpan<byte> bytes = Bytes(column);
        if (_types[column] == 9)
            return 1;
        if (_types[column] is < 1 or > 6 || bytes.IsEmpty)
            return 0;
        long value = (sbyte)bytes[0];
        foreach (byte next in bytes[1..])
            value = (value << 8) | next;
        return value;
    }

    public string? Text(int column) =>
        _types[column] == NullType ? null : Encoding.UTF8.GetString(Bytes(column));

    /// <summary>Valid until the next row is read.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => _payload.AsSpan(_starts[column].._starts[column + 1]);

    int Local(int length)
    {
        int most = pages.PageSize - 35;
        if (length <= most)
            return length;
        int least = ((pages.PageSize - 12) * 32 / 255) - 23;
        int local = least + ((length - least) % (pages.PageSize - 4));
        return local <= most ? local : least;
    }

    /// <summary>The rest of the payload from its chain of pages; where that breaks, zeros follow.</summary>
    void ReadOverflow(ReadOnlySpan<byte> pointer, int at)
    {
        uint next = pointer.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32BigEndian(pointer);
        while (at < _length && pages.TryRead(next, _overflow))
        {
            int take = Math.Min(_length - at, pages.PageSize - 4);
            _overflow.AsSpan(4, take).CopyTo(_payload.AsSpan(at));
            at += take;
            next = BinaryPrimitives.ReadUInt32BigEndian(_overflow);
        }

        _payload.AsSpan(at, Math.Max(0, _length - at)).Clear();
    }

    bool TryColumns(int local)
    {
        ReadOnlySpan<byte> head = _payload.AsSpan(0, local);
        int at = 0;
        if (!TryVarint(head, ref at, out long headLength) || headLength < 2 || headLength > local)
            return false;
        int columns = 0;
        long start = headLength;
        while (at < headLength)
        {
            if (columns == MaxColumns || !TryVarint(head, ref at, out long type) || type < 0)
                return false;
            _types[columns] = type;
            _starts[columns++] = (int)start;
            start += LengthOf(type);
            if (start > _length)
                return false;
        }

        _starts[columns] = (int)start;
        Shape = at == headLength && start == _length ? ShapeOf(columns) : RowShape.None;
        return Shape != RowShape.None;
    }

    RowShape ShapeOf(int columns)
    {
        if (_types[0] != NullType)
            return RowShape.None;
        return columns switch
        {
            5 when IsInteger(1) && IsBlob(2) && IsBlob(3) && IsInteger(4) => RowShape.Record,
            4 when IsInteger(1) && IsBlob(2) && IsInteger(3) => RowShape.Passing,
            9 when IsText(1) && IsInteger(2) && (IsText(3) || _types[3] == NullType) && IsInteger(4) && IsInteger(5)
                && IsInteger(6) && IsInteger(7) && IsInteger(8) => RowShape.Session,
            3 when IsInteger(1) && (IsText(2) || _types[2] == NullType) => RowShape.SetAside,
            _ => RowShape.None,
        };
    }

    bool IsInteger(int column) => _types[column] is >= 1 and <= 6 or 8 or 9;

    bool IsBlob(int column) => _types[column] >= 12 && (_types[column] & 1) == 0;

    bool IsText(int column) => _types[column] >= 13 && (_types[column] & 1) == 1;

    static long LengthOf(long type) => type switch
    {
        <= 4 => type,
        5 => 6,
        6 or 7 => 8,
        < 12 => 0,
        _ => (type - 12) / 2,
    };

    static bool TryVarint(ReadOnlySpan<byte> bytes, ref int offset, out long value)
    {
        value = 0;
        for (int i = 0; i < 9; i++)
        {
            if ((uint)offset >= (uint)bytes.Length)
                return false;
            byte next = bytes[offset++];
            if (i == 8)
            {
                value = (value << 8) | next;
                return true;
            }

            value = (value << 7) | (uint)(next & 0x7F);
            if (next < 0x80)
                return true;
        }

        return true;
    }
}
