using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using RufusIngest.Readers;
using RufusIngest.Reads;
using RufusIngest.Tests.Support;

namespace RufusIngest.Tests.Faults;

public sealed class LogReaderTests
{
    static readonly byte[] Log = RaceLog.Write(seed: 1, crossings: 40, reader: 1);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    static async Task<Socket> ConnectAsync(LogReader reader)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(reader.EndPoint, Cancellation);
        return socket;
    }

    static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        byte[] bytes = new byte[count];
        using NetworkStream stream = new(socket);
        int read = await stream.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false, Cancellation);
        return bytes[..read];
    }

    [Fact]
    public async Task Each_connection_gets_the_log_from_the_beginning()
    {
        await using LogReader reader = new(Log, LogPace.Full);
        using (Socket first = await ConnectAsync(reader))
            Assert.Equal(Log[..100], await ReadAsync(first, 100));
        await reader.UntilAsync(() => reader.LastEnd != LogReaderEnd.None, Cancellation);
        Assert.Equal(LogReaderEnd.BytesLost, reader.LastEnd);
        Assert.Equal(0, reader.TimesPlayedOut);

        using (Socket second = await ConnectAsync(reader))
        {
            Assert.Equal(Log, await ReadAsync(second, Log.Length));
            Assert.Empty(await ReadAsync(second, 1));
            Assert.Equal(Log.Length, reader.Handed);
        }

        await reader.UntilAsync(() => reader.TimesPlayedOut == 1, Cancellation);
        Assert.Equal((2, LogReaderEnd.AllTaken), (reader.Connections, reader.LastEnd));
    }

    [Fact]
    public async Task It_keeps_its_pace_for_new_bytes_and_rewinds_at_full_speed()
    {
        FakeTimeProvider time = new();
        await using LogReader reader = new(Log, new LogPace(10, TimeSpan.FromSeconds(1)), time);
        using (Socket first = await ConnectAsync(reader))
        {
            Assert.Equal(10, (await ReadAsync(first, 10)).Length);
            await reader.UntilAsync(() => reader.Handed == 10, Cancellation);
            while (reader.Handed < 40)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
            }

            Assert.Equal(30, (await ReadAsync(first, 30)).Length);
        }

        await reader.UntilAsync(() => reader.LastEnd != LogReaderEnd.None, Cancellation);
        long most = reader.MostHanded;
        using Socket second = await ConnectAsync(reader);
        Assert.Equal(Log[..((int)most + 10)], await ReadAsync(second, (int)most + 10));
        await reader.UntilAsync(() => reader.Handed == most + 10, Cancellation);
    }

    [Fact]
    public async Task A_client_that_took_everything_before_it_left_is_told_from_one_that_did_not()
    {
        FakeTimeProvider time = new();
        await using LogReader reader = new(Log, new LogPace(10, TimeSpan.FromSeconds(1)), time);
        using (Socket tidy = await ConnectAsync(reader))
            Assert.Equal(10, (await ReadAsync(tidy, 10)).Length);
        await reader.UntilAsync(() => reader.LastEnd == LogReaderEnd.AllTaken, Cancellation);
        Assert.Equal(0, reader.TimesPlayedOut);
        using (Socket untidy = await ConnectAsync(reader))
            Assert.Equal(5, (await ReadAsync(untidy, 5)).Length);
        await reader.UntilAsync(() => reader.LastEnd == LogReaderEnd.BytesLost, Cancellation);
    }

    [Fact]
    public void A_log_is_the_same_from_the_same_seed_and_its_times_never_go_back()
    {
        Assert.Equal(Log, RaceLog.Write(1, 40, 1));
        Assert.NotEqual(Log, RaceLog.Write(2, 40, 1));
        string[] lines = Encoding.ASCII.GetString(Log).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(120, lines.Length);
        ChipRead[] reads = new ChipRead[200];
        ParseResult result = new IpicoParser().Parse(Log, true, reads, new ControlRecord[8]);
        Assert.Equal((120, Log.Length), (result.Reads, result.Consumed));
        long[] times = [.. reads[..120].Select(read => read.Time)];
        Assert.Equal(times.Order(), times);
        ChipRead[] firsts = [.. reads[..120].DistinctBy(read => read.Chip)];
        Assert.Equal(40, firsts.Length);
        Assert.Equal(40, firsts.DistinctBy(read => read.Time).Count());
    }
}
