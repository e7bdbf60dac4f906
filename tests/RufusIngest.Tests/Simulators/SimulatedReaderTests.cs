using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Simulators;
using Xunit;

namespace RufusIngest.Tests.Simulators;

public sealed class SimulatedReaderTests
{
    private static readonly Race Small = Race.Generate(new RaceOptions { Runners = 150 });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_gets_the_bytes_of_the_script_and_then_the_end_of_the_stream()
    {
        await using var simulation = RaceSimulation.Start(Small, new PlayOptions());
        var received = await Task.WhenAll(simulation.Readers.Select(ReceiveAllAsync));
        await simulation.Completion.WaitAsync(Cancel);

        Assert.Equal(["ipico", "cloudbox", "ultra"], simulation.Readers.Select(r => r.Protocol));
        Assert.Equal(["START", "5K", "FINISH"], simulation.Readers.Select(r => r.Location));
        Assert.Equal([2, 0, 2], simulation.Readers.Select(r => r.LocalOffset.Hours));
        foreach (var (reader, script, bytes) in simulation.Readers.Zip(Small.Scripts, received))
        {
            var greeting = script.Protocol == ReaderProtocol.Ultra ? "Connected,0\n" : "";
            Assert.Equal([.. Encoding.ASCII.GetBytes(greeting), .. RaceTests.Bytes(script)], bytes);
            Assert.Equal(script.ReadCount, reader.TotalReads);
            Assert.Equal(reader.TotalReads, reader.ReadsSent);
            Assert.Equal(bytes.Length, reader.BytesSent);
        }
    }

    [Fact]
    public async Task After_a_cut_in_mid_frame_the_next_connection_repeats_some_reads_and_goes_on()
    {
        await using var simulation = RaceSimulation.Start(Small, new PlayOptions { CutAfterReads = 1000 });
        for (var i = 0; i < 3; i++)
        {
            var reader = simulation.Readers[i];
            var script = Small.Scripts[i];
            var whole = Encoding.ASCII.GetString(RaceTests.Bytes(script));
            var before = Encoding.ASCII.GetString(await ReceiveAllAsync(reader));
            Assert.Equal(1000, reader.ReadsSent);
            var after = Encoding.ASCII.GetString(await ReceiveAllAsync(reader));
            if (script.Protocol == ReaderProtocol.Ultra)
            {
                before = before["Connected,0\n".Length..];
                Assert.Matches("^Connected,1[0-9]{9}\n0,", after);
                after = after[(after.IndexOf('\n', StringComparison.Ordinal) + 1)..];
            }

            // Up to the cut, half a frame; from the frame cut short on, everything; between the two, the repeats.
            var cutFrame = Frames(script).Skip(1000).First();
            var cut = before.Length - (cutFrame.Length / 2);
            Assert.Equal(whole[..before.Length], before);
            Assert.Equal(cutFrame, whole.Substring(cut, cutFrame.Length));
            Assert.EndsWith(whole[cut..], after, StringComparison.Ordinal);
            var replayed = string.Concat(Frames(script).Take(1000).TakeLast(SimulatedReader.ReplayedReads));
            replayed = script.Protocol == ReaderProtocol.Ultra ? replayed.Replace(",0,1,1,0", ",1,1,1,0") : replayed;
            Assert.Equal(replayed, after[..^(whole.Length - cut)]);
            Assert.Equal(script.ReadCount + SimulatedReader.ReplayedReads, reader.TotalReads);
            Assert.Equal(reader.TotalReads, reader.ReadsSent);
        }

        await simulation.Completion.WaitAsync(Cancel);
    }

    [Fact]
    public async Task A_client_that_leaves_and_returns_gets_the_rest()
    {
        var time = new FakeTimeProvider();
        await using var simulation = RaceSimulation.Start(Small, new PlayOptions { Speed = 1000, TimeProvider = time });
        var reader = simulation.Readers[2];
        using (var client = await ConnectAsync(reader))
        {
            Assert.Equal(12, await client.ReceiveAsync(new byte[100], SocketFlags.None, Cancel));
        }

        using var again = await ConnectAsync(reader);
        Assert.Equal(12, await again.ReceiveAsync(new byte[100], SocketFlags.None, Cancel)); // without time going on
        time.Advance(TimeSpan.FromHours(1));
        var rest = await ReceiveAllAsync(again);

        Assert.Equal(RaceTests.Bytes(Small.Scripts[2]), rest);
    }

    [Fact]
    public async Task What_a_client_sends_does_no_harm()
    {
        await using var simulation = RaceSimulation.Start(Small, new PlayOptions());
        using var client = await ConnectAsync(simulation.Readers[0]);
        await client.SendAsync(new byte[100_000], SocketFlags.None, Cancel);

        Assert.Equal(RaceTests.Bytes(Small.Scripts[0]), await ReceiveAllAsync(client));
    }

    // The box reports its voltage 0.5 s after the beginning of the play and then every 2 s of race time.
    [Theory]
    [InlineData(49, 0)]
    [InlineData(50, 1)]
    [InlineData(249, 1)]
    [InlineData(250, 2)]
    [InlineData(450, 3)]
    public async Task Frames_go_out_when_race_time_has_come_and_not_before(int elapsedMs, int frames)
    {
        var time = new FakeTimeProvider();
        var simulation = RaceSimulation.Start(Small, new PlayOptions { Speed = 10, TimeProvider = time });
        using var client = await ConnectAsync(simulation.Readers[2]);
        using var lines = new StreamReader(new NetworkStream(client));

        Assert.Equal("Connected,0", await lines.ReadLineAsync(Cancel));
        time.Advance(TimeSpan.FromMilliseconds(elapsedMs));
        for (var i = 0; i < frames; i++)
        {
            Assert.StartsWith("V=", await lines.ReadLineAsync(Cancel), StringComparison.Ordinal);
        }

        await simulation.DisposeAsync();
        Assert.Null(await lines.ReadLineAsync(Cancel));
    }

    [Fact]
    public async Task Disposing_in_the_middle_cancels_the_completion_and_ends_the_connection()
    {
        var simulation = RaceSimulation.Start(
            Small, new PlayOptions { Speed = 1, TimeProvider = new FakeTimeProvider() });
        using var client = await ConnectAsync(simulation.Readers[2]);
        Assert.Equal(12, await client.ReceiveAsync(new byte[100], SocketFlags.None, Cancel));
        await simulation.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => simulation.Completion);
        Assert.Empty(await ReceiveAllAsync(client));
        await simulation.DisposeAsync();
    }

    [Theory]
    [InlineData(double.NaN, null)]
    [InlineData(-1.0, null)]
    [InlineData(1.0, -1)]
    public void Options_outside_their_bounds_are_refused(double speed, int? cut) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => RaceSimulation.Start(Small, new PlayOptions { Speed = speed, CutAfterReads = cut }));

    [Fact]
    public void Segments_are_small_at_first_and_mostly_large_later()
    {
        var sizes = new SegmentSizes(ReaderProtocol.Ipico);
        var first = Enumerable.Range(0, 5_000).Select(_ => sizes.Next()).ToArray();
        var later = Enumerable.Range(0, 30_000).Select(_ => sizes.Next()).ToArray()[^1_000..];

        Assert.All(first, size => Assert.InRange(size, 2, 16));
        Assert.InRange(later.Count(size => size > 1_400), 850, 990);
    }

    private static IEnumerable<string> Frames(ReaderScript script)
    {
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        foreach (var item in RaceTests.Items(script).Where(i => i.Kind == ScriptKind.Read))
        {
            writer.ResetWrittenCount();
            script.Write(writer, item, rewound: false);
            yield return Encoding.ASCII.GetString(writer.WrittenSpan);
        }
    }

    private static async Task<Socket> ConnectAsync(SimulatedReader reader)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(reader.EndPoint, Cancel);
        return client;
    }

    private static async Task<byte[]> ReceiveAllAsync(SimulatedReader reader)
    {
        using var client = await ConnectAsync(reader);
        return await ReceiveAllAsync(client);
    }

    private static async Task<byte[]> ReceiveAllAsync(Socket client)
    {
        using var all = new MemoryStream();
        await using var stream = new NetworkStream(client);
        await stream.CopyToAsync(all, Cancel);
        return all.ToArray();
    }
}
