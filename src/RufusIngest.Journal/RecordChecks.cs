using System.Buffers.Binary;
using System.IO.Hashing;
using RufusIngest.Records;

namespace RufusIngest.Journal;

/// <summary>
/// What a row of records says about itself. Each record has 12 bytes, little endian: a check over its bytes, seeded with
/// its sequence, so that a changed or misplaced record shows, and where it ends, so that the others are found when its
/// header is damaged. The chain runs over all checks since the first record, so that a missing row shows.
/// </summary>
static class RecordChecks
{
    public const int Length = 12;

    /// <summary>Checks of a block.</summary>
    /// <param name="block">The records.</param>
    /// <param name="chain">The chain before it; becomes the one after it.</param>
    /// <param name="into">Room for the checks.</param>
    public static void Write(RecordBlock block, ref long chain, Span<byte> into)
    {
        ReadOnlySpan<byte> data = block.Data;
        int offset = 0;
        long sequence = block.FirstSequence;
        for (int i = 0; i < block.Count; i++, sequence++)
        {
            int start = offset;
            if (!RecordBlock.TryRead(data, ref offset, sequence, out _))
                throw new ArgumentException($"The block holds less than {block.Count} records.", nameof(block));
            Span<byte> check = into.Slice(i * Length, Length);
            BinaryPrimitives.WriteUInt64LittleEndian(check, Of(data[start..offset], sequence));
            BinaryPrimitives.WriteInt32LittleEndian(check[8..], offset);
            chain = Next(chain, check);
        }
    }

    /// <summary>The chain behind a row, as its checks say, whether they are right or not.</summary>
    public static long Chain(ReadOnlySpan<byte> checks, long chain)
    {
        for (int at = 0; at + Length <= checks.Length; at += Length)
            chain = Next(chain, checks.Slice(at, Length));
        return chain;
    }

    /// <summary>Reads one record of a row and holds it against its check.</summary>
    /// <param name="data">The row's records.</param>
    /// <param name="checks">The row's checks.</param>
    /// <param name="index">Which of them.</param>
    /// <param name="sequence">Its sequence.</param>
    /// <param name="record">The record, when it is what was written.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> data, ReadOnlySpan<byte> checks, int index, long sequence, out IngestRecord record)
    {
        record = default;
        if ((index + 1) * Length > checks.Length)
            return false;
        ReadOnlySpan<byte> check = checks.Slice(index * Length, Length);
        int start = index == 0 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(checks[((index * Length) - 4)..]);
        int end = BinaryPrimitives.ReadInt32LittleEndian(check[8..]);
        if (start < 0 || end < start || end > data.Length)
            return false;
        int offset = start;
        return Of(data[start..end], sequence) == BinaryPrimitives.ReadUInt64LittleEndian(check)
            && RecordBlock.TryRead(data, ref offset, sequence, out record)
            && offset == end;
    }

    static ulong Of(ReadOnlySpan<byte> record, long sequence) => XxHash3.HashToUInt64(record, sequence);

    static long Next(long chain, ReadOnlySpan<byte> check) => (long)XxHash3.HashToUInt64(check, chain);
}
