using CsCheck;
using RufusIngest.Records;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Records;

public sealed class DeterminismTests
{
    static readonly Gen<(int Reader, int Chip, int Ms)[]> Reads =
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 12], Gen.Int[0, 40_000]).Array[1, 200];

    static byte[] Bytes((int Reader, int Chip, int Ms)[] reads, int reader) =>
        PlainParser.Lines(reads.Where(read => read.Reader == reader)
            .Select(read => CoreRun.Line($"c{read.Chip}", read.Ms / 1000.0)));

    /// <summary>Applies the readers' bytes one reader after the other, each cut as told.</summary>
    static CoreRun Run((int Reader, int Chip, int Ms)[] reads, Func<int, int> pieceLength)
    {
        CoreRun run = new(("a", "START"), ("b", "FINISH"), ("c", "FINISH"));
        for (int reader = 0; reader < 3; reader++)
        {
            run.Apply(RecordKind.Connected, reader, CoreRun.At(50));
            byte[] bytes = Bytes(reads, reader);
            for (int at = 0, piece = 0; at < bytes.Length; piece++)
            {
                int length = Math.Min(bytes.Length - at, Math.Max(1, pieceLength(piece)));
                run.Apply(RecordKind.Chunk, reader, CoreRun.At(50), bytes.AsSpan(at, length));
                at += length;
            }

            run.Tick(50 + reader);
        }

        run.Close(0);
        run.Close(1);
        return run;
    }

    [Fact]
    public void The_same_records_in_different_chunks_give_the_same_output_byte_for_byte()
    {
        Gen.Select(Reads, Gen.Int[1, 90].Array[1, 20]).Sample((reads, lengths) =>
        {
            CoreRun whole = Run(reads, _ => int.MaxValue);
            CoreRun again = Run(reads, _ => int.MaxValue);
            CoreRun bytewise = Run(reads, _ => 1);
            CoreRun pieces = Run(reads, piece => lengths[piece % lengths.Length]);
            Assert.Equal(whole.Items, again.Items);
            Assert.Equal(whole.Items, bytewise.Items);
            Assert.Equal(whole.Items, pieces.Items);
            Assert.Equal(whole.Counters.Suppressed, pieces.Counters.Suppressed);
        }, iter: 200);
    }

    [Fact]
    public void Every_read_is_accounted_for()
    {
        Reads.Sample(reads =>
        {
            CoreRun run = Run(reads, _ => 100);
            IngestCounters counters = run.Counters;
            Assert.Equal(reads.Length, counters.Reads);
            Assert.Equal(reads.Length, counters.Passings + counters.Suppressed);
        }, iter: 200);
    }
}
