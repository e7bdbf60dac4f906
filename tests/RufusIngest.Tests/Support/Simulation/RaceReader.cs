using System.Buffers;
using RufusIngest.Records;

namespace RufusIngest.Tests.Support;

/// <summary>
/// A reader of a simulated race and the connection to it: sends what its script has by now in pieces of any size, and
/// after each reconnect again from the beginning or from before what the host is known to have made durable.
/// </summary>
sealed class RaceReader(SimulatedRace race, int index)
{
    readonly RacePlan _plan = race.Plan;
    readonly ReaderScript _script = race.Plan.Scripts[index];
    int _offset;
    int _connection;

    public bool IsConnected { get; private set; }

    /// <summary>Up to here the host's journal has it.</summary>
    public int Durable { get; set; }

    public bool HasSentAll => IsConnected && _offset == _script.Bytes.Length;

    /// <summary>The host is up and will connect soon.</summary>
    public void ConnectSoon()
    {
        int connection = ++_connection;
        IsConnected = false;
        race.Clock.After(_plan.Random.NextDouble() * 2, () =>
        {
            if (connection == _connection)
                Connect();
        });
    }

    /// <summary>The host is gone, and takes the connection with it.</summary>
    public void Drop()
    {
        _connection++;
        IsConnected = false;
    }

    /// <summary>The connection ends in order.</summary>
    public void Disconnect()
    {
        Drop();
        race.Host.Write(RecordKind.Disconnected, index);
    }

    void Connect()
    {
        IsConnected = true;
        _offset = _plan.RewindsToStart ? 0 : _script.AnyLineUpTo(Durable, _plan.Random);
        race.Trace.Add($"reader {index} connects at {_offset}");
        race.Host.Write(RecordKind.Connected, index);
        SendSoon();
    }

    void SendSoon()
    {
        int connection = _connection;
        race.Clock.After(_plan.Random.NextDouble() * _plan.ChunkPause, () =>
        {
            if (connection == _connection)
                Send();
        });
    }

    void Send()
    {
        int there = _script.ProducedAt(race.Clock.Seconds) - _offset;
        if (there > 0)
        {
            // Mostly all there is; sometimes a piece that ends within a line.
            int length = _plan.Random.Next(3) == 0 ? _plan.Random.Next(1, there + 1) : there;
            race.Host.WriteChunk(index, new ReadOnlySequence<byte>(_script.Bytes, _offset, length), _offset + length);
            _offset += length;
        }

        if (HasSentAll)
            return;
        if (!race.IsCalm && _plan.Random.NextDouble() < _plan.CutChance)
        {
            race.Trace.Add($"reader {index} is cut off at {_offset}");
            Disconnect();
            ConnectSoon();
        }
        else
        {
            SendSoon();
        }
    }
}
